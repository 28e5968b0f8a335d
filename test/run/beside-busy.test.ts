import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('beside-busy.ts', import.meta.url));

interface Running {
  child: ChildProcess;
  /** Of the busy processes. */
  pids: number[];
  stdout: Promise<string>;
}

async function beside(count: number, script: string): Promise<Running> {
  const args = ['--import', 'tsx', PROGRAM, String(count), 'sh', '-c', script];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const stdout = text(child.stdout);
  for await (const line of createInterface({ input: child.stderr })) {
    const [, pids = ''] = /^beside \d+ busy processes: (.*)$/.exec(line) ?? [];
    if (pids !== '') return { child, stdout, pids: pids.split(' ').map(Number) };
  }
  throw new Error('it did not say what it has started');
}

/** The command has said something. */
const ready = ({ stdout }: ChildProcess) => once(stdout as NonNullable<typeof stdout>, 'data');

const runs = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it('is what the command prints and how it ends; the busy processes end with it', async () => {
  const { child, pids, stdout } = await beside(2, 'echo done; exit 3');
  expect(pids).toHaveLength(2);
  expect(await once(child, 'exit')).toEqual([3, null]);
  expect(await stdout).toBe('done\n');
  await expect.poll(() => pids.filter(runs)).toEqual([]);
});

it('the busy processes end though it is killed', async () => {
  const { child, pids } = await beside(2, 'echo ready; exec sleep 600');
  try {
    await ready(child);
    expect(pids.filter(runs)).toEqual(pids);
    child.kill('SIGKILL');
    await expect.poll(() => pids.filter(runs)).toEqual([]);
  } finally {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }
});

it('an interrupted command is waited for', async () => {
  const script = "trap 'sleep 0.2; echo cleaned up; exit 4' TERM; echo ready; while :; do sleep 0.05; done";
  const { child, stdout } = await beside(1, script);
  await ready(child);
  process.kill(-(child.pid ?? 0), 'SIGTERM');
  expect(await once(child, 'exit')).toEqual([4, null]);
  expect(await stdout).toContain('cleaned up');
});
