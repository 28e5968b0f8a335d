import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { labCacheRoot } from '../build/lab-cache.js';
import { runCommand } from '../build/run-command.js';

const env = { GOCACHE: join(labCacheRoot(), 'go-test'), GOFLAGS: '' };

describe('programs of the container images', () => {
  it.each(['pause', 'echo'])(
    '%s: formatted, vetted, tested',
    async (program) => {
      const cwd = join(import.meta.dirname, program);
      expect(await runCommand({ command: 'gofmt', args: ['-l', '.'], cwd })).toBe('');
      await runCommand({ command: 'go', args: ['vet', '.'], cwd, env });
      await runCommand({ command: 'go', args: ['test', '.'], cwd, env });
    },
    300_000,
  );
});
