import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { childrenOf, kill, readPidFile } from './process-table.js';

describe('process table', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lab-pid-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const pidFile = (content: string) => {
    writeFileSync(join(directory, 'pid'), content);
    return join(directory, 'pid');
  };

  it('finds a living process by PID and start, and not once it is dead', async () => {
    const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(child, 'spawn');
    const stat = spawn('cut', ['-d', ' ', '-f', '22', `/proc/${child.pid}/stat`]);
    const [start] = await once(stat.stdout.setEncoding('utf8'), 'data');
    const file = pidFile(`${child.pid} ${start}`);
    expect(readPidFile(file)).toEqual({ pid: child.pid, start: start.trim() });
    expect(childrenOf(process.pid)).toContain(child.pid);
    if (child.pid !== undefined) kill(child.pid);
    await once(child, 'exit');
    expect(readPidFile(file)).toBeUndefined();
  });

  it('does not take a later process with the same PID for the one that was meant', () => {
    expect(readPidFile(pidFile(`${process.pid} 1`))).toBeUndefined();
  });

  it.each(['', '\n', 'x', '12'])('sees no process in a file that says %j', (content) => {
    expect(readPidFile(pidFile(content))).toBeUndefined();
  });

  it('takes a process that is gone for killed', async () => {
    const child = spawn('true');
    await once(child, 'exit');
    const { pid } = child;
    if (pid === undefined) throw new Error('the program `true` did not start');
    expect(() => kill(pid)).not.toThrow();
  });
});
