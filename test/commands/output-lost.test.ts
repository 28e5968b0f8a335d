import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { artifactsDirectory } from '../artifacts/fixtures.js';
import { PROGRAM } from '../helpers/program.js';
import { createOperator, type Finished, type Operator } from './cli.js';

/** Nobody reads its standard output, as after the end of `head`. */
function runUnread(operator: Operator, args: readonly string[]): Promise<Finished> {
  const running = operator.start(args);
  running.child.stdout?.destroy();
  return running.finished;
}

it('a run goes on to its end without its view, and says so once', async () => {
  const operator = createOperator();
  const args = ['up', '--hosts', 's4=127.0.0.1:1', '--artifacts', artifactsDirectory()];
  const { exit, stderr } = await runUnread(operator, args);
  expect(stderr.match(/^.*can no longer be written.*$/gm)).toEqual([
    'standard output can no longer be written (EPIPE); the run goes on',
  ]);
  expect(readdirSync(operator.stateDir)).not.toContain('lock');
  expect(exit).toBe((await operator.run(args)).exit);
});

describe('commands that only print', () => {
  it.each(['version', '--help', 'bench presets', 'boot render --hosts s4 --url http://10.0.0.1:8080'])(
    'end quietly when their reader has seen enough: %s',
    async (command) => {
      const args = command.split(' ');
      const operator = createOperator();
      const { exit, stderr } = await operator.run(args);
      expect(await runUnread(operator, args)).toMatchObject({ exit, stderr });
      expect(exit).toBe(0);
    },
  );

  it('fail where what they print has no room', async () => {
    const script = 'exec "$0" "$@" >/dev/full';
    const printing = promisify(execFile)('sh', ['-c', script, process.execPath, PROGRAM, 'version']);
    const stderr = expect.stringContaining('standard output cannot be written (ENOSPC)');
    await expect(printing).rejects.toMatchObject({ code: 4, stderr });
  });
});
