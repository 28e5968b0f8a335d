import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { identify, livenessOf } from '../../src/state/process-identity.js';

let directory: string;
/** A program whose name would confuse a careless parser of /proc/PID/stat. */
let program: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'process-'));
  program = join(directory, 'a) Z 1 (b');
  await symlink('/bin/sleep', program);
});
afterAll(() => rm(directory, { recursive: true }));

const sleepers: ReturnType<typeof spawn>[] = [];
afterEach(() => {
  for (const sleeper of sleepers.splice(0)) sleeper.kill('SIGKILL');
});

async function startSleeper(): Promise<{ pid: number; end(): Promise<void> }> {
  const child = spawn(program, ['1000']);
  sleepers.push(child);
  await once(child, 'spawn');
  const end = async (): Promise<void> => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { pid: child.pid ?? 0, end };
}

describe.each([
  ['by /proc', '/proc'],
  ['by ps, where there is no /proc', '/nonexistent'],
])('%s', (_how, proc) => {
  test('a process is alive until it ends', async () => {
    const sleeper = await startSleeper();
    const identity = await identify(sleeper.pid, proc);
    expect(identity).toMatchObject({ pid: sleeper.pid, host: hostname() });
    expect(identity.start).not.toBe('');
    expect(await livenessOf(identity, proc)).toBe('alive');
    expect(await livenessOf({ ...identity, start: 'another time' }, proc)).toBe('dead');
    await sleeper.end();
    expect(await livenessOf(identity, proc)).toBe('dead');
  });

  test('whose start is not known counts as alive while its pid is there', async () => {
    const identity = await identify(process.pid, proc);
    expect(await livenessOf({ ...identity, start: '' }, proc)).toBe('alive');
  });

  test('of another machine it is not known', async () => {
    const identity = await identify(process.pid, proc);
    expect(await livenessOf({ ...identity, host: 'other', boot: 'ffffffff' }, proc)).toBe('unknown');
  });
});

test('a renamed machine is still the same', async () => {
  const identity = await identify(process.pid);
  expect(await livenessOf({ ...identity, host: 'former-name' })).toBe('alive');
});

test('one that ended and was not yet waited for is dead', async () => {
  // The shell starts a child, becomes a program that never waits, and so keeps the child as a zombie.
  const shell = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 1000']);
  sleepers.push(shell);
  const [line] = await once(shell.stdout, 'data');
  const pid = Number(String(line).trim());
  const identity = await identify(pid);
  await expect.poll(() => livenessOf(identity)).toBe('dead');
});
