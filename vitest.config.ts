import { defineConfig } from 'vitest/config';

const globalSetup = 'test/helpers/program.ts';
const bareMachine = 'test/helpers/bare-machine';
const reference = '**/*.reference.test.ts';
// A busy machine may stand still for a while; what is polled for comes sooner or never.
const expect = { poll: { timeout: 20_000 } };

export default defineConfig({
  test: {
    // Much of a test file's time is its process starting, or a process it waits for: one more than the cores of a small machine.
    maxWorkers: 3,
    projects: [
      {
        test: {
          name: 'fast',
          globalSetup: [globalSetup, `${bareMachine}/programs.ts`],
          // A process and its modules for each file would be a third of the time; path.ts cleans up between them.
          isolate: false,
          setupFiles: [`${bareMachine}/path.ts`],
          include: ['test/**/*.test.ts', 'lab/**/*.test.ts'],
          exclude: ['test/e2e/**', reference],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          expect,
        },
      },
      {
        test: {
          // Holds us against the programs that others wrote: each file of it needs one.
          name: 'reference',
          globalSetup,
          include: [reference],
          exclude: ['node_modules/**'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          expect,
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
