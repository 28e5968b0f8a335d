import { afterAll, inject, vi } from 'vitest';

// Before each test file of the fast lane: see programs.ts.
process.env.PATH = inject('programs');

// The next file has the same process.
afterAll(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
});
