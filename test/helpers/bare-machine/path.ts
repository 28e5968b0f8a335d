import { inject } from 'vitest';

// Before each test file of the fast lane: see programs.ts.
process.env.PATH = inject('programs');
