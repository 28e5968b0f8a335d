import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const globalSetup = 'test/helpers/program.ts';
const bareMachine = 'test/helpers/bare-machine';
const reference = '**/*.reference.test.ts';
// A busy machine may take twenty times as long, or stand still for a while: limits are there for what hangs.
const expect = { poll: { timeout: 60_000 } };
const patience = { testTimeout: 120_000, hookTimeout: 600_000, expect };

/** What `vi.mock` puts in the place of a module stays there for as long as the process lives. */
const mocking = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts'))
  .map((path) => join('test', path))
  .filter((path) => /^vi\.mock\(/m.test(readFileSync(path, 'utf8')));

const fast = {
  globalSetup: [globalSetup, `${bareMachine}/programs.ts`],
  setupFiles: [`${bareMachine}/path.ts`],
  ...patience,
};

export default defineConfig({
  test: {
    // Much of a test file's time is its process starting, or a process it waits for: one more than the cores of a small machine.
    maxWorkers: 3,
    projects: [
      {
        test: {
          name: 'fast',
          ...fast,
          include: ['test/**/*.test.ts', 'lab/**/*.test.ts'],
          exclude: ['test/e2e/**', reference, ...mocking],
          // A process for each file would be a quarter of the time; path.ts cleans up between them.
          isolate: false,
        },
      },
      // Without any it would take every file there is.
      ...(mocking.length === 0 ? [] : [{ test: { name: 'fast-mocking', ...fast, include: mocking } }]),
      {
        test: {
          // Holds us against the programs that others wrote: each file of it needs one.
          name: 'reference',
          globalSetup,
          include: [reference],
          exclude: ['node_modules/**'],
          ...patience,
        },
      },
      {
        test: {
          name: 'e2e',
          globalSetup,
          expect,
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 900_000,
          fileParallelism: false,
          pool: 'forks',
        },
      },
    ],
  },
});
