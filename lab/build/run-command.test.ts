import { describe, expect, it } from 'vitest';
import { runCommand } from './run-command.js';

const sh = (script: string) => ({ command: 'sh', args: ['-c', script] });

describe('runCommand', () => {
  it('gives stdout, and each line as it comes', async () => {
    const lines: string[] = [];
    const output = await runCommand({
      ...sh('echo "$GREETING"; echo two'),
      env: { GREETING: 'one' },
      onLine: (line) => lines.push(line),
    });
    expect(output).toBe('one\ntwo');
    expect(lines).toEqual(['one', 'two']);
  });

  it('fails with the last lines of stderr', async () => {
    await expect(runCommand(sh('for n in $(seq 50); do echo "line $n" >&2; done; exit 3'))).rejects.toMatchObject({
      code: 'lab-command-failed',
      message: 'sh failed (exit code 3)',
      detail: expect.stringMatching(/^line 11\n(.|\n)*line 50$/),
    });
  });

  it('says how to get a program that is not installed', async () => {
    await expect(runCommand({ command: 'no-such-program', args: [] })).rejects.toMatchObject({
      code: 'lab-tool-missing',
      hint: 'run: sh lab/setup.sh',
    });
  });

  it('ends the program and what it started when aborted', async () => {
    const abort = new AbortController();
    // The end comes only when nobody holds the program's stdout any more, the sleeping grandchild included.
    const run = runCommand({
      ...sh('sleep 1000 & echo started; wait'),
      onLine: () => abort.abort(new Error('enough')),
      signal: abort.signal,
    });
    await expect(run).rejects.toThrow('enough');
  });
});
