import { defineConfig } from 'vitest/config';

const globalSetup = 'test/helpers/program.ts';

export default defineConfig({
  test: {
    // Much of a test file's time is its process starting, or a process it waits for: one more than the cores of a small machine.
    maxWorkers: 3,
    projects: [
      {
        test: {
          name: 'unit',
          globalSetup,
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'e2e',
          globalSetup,
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
