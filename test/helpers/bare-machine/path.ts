import { afterAll, inject, vi } from 'vitest';

// Before each test file of the fast lane: see programs.ts.
process.env.PATH = inject('programs');

// The file before had the same process, but shall not have had the same modules: what they keep, and the hooks that
// helpers register when they are read, are of one file.
vi.resetModules();

afterAll(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
});
