import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A process whose name would confuse a careless parser of /proc/PID/stat; gone after the test. */
export async function startSleeper(): Promise<{ pid: number; end(): Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), 'process-'));
  const program = join(directory, 'a) Z 1 (b');
  symlinkSync('/bin/sleep', program);
  const child = spawn(program, ['1000']);
  onTestFinished(() => {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true });
  });
  await once(child, 'spawn');
  const end = async (): Promise<void> => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { pid: child.pid ?? 0, end };
}
