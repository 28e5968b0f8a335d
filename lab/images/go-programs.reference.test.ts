import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { goEnvironment } from '../build/go.js';
import { runCommand } from '../build/run-command.js';

describe('programs of the container images', () => {
  it.each(['pause', 'echo', 'dns'])(
    '%s: formatted, vetted, tested',
    async (program) => {
      const cwd = join(import.meta.dirname, program);
      expect(await runCommand({ command: 'gofmt', args: ['-l', '.'], cwd })).toBe('');
      await runCommand({ command: 'go', args: ['vet', '.'], cwd, env: goEnvironment() });
      await runCommand({ command: 'go', args: ['test', '.'], cwd, env: goEnvironment() });
    },
    300_000,
  );
});
