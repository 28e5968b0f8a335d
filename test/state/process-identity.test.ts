import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { describe, expect, onTestFinished, test } from 'vitest';
import { identify, livenessOf } from '../../src/state/process-identity.js';
import { startSleeper } from './sleeper.js';

test('a process is alive until it ends', async () => {
  const sleeper = await startSleeper();
  const identity = await identify(sleeper.pid);
  expect(identity).toMatchObject({ pid: sleeper.pid, host: hostname() });
  expect(identity.start).not.toBe('');
  expect(await livenessOf(identity)).toBe('alive');
  expect(await livenessOf({ ...identity, start: 'another time' })).toBe('dead');
  await sleeper.end();
  expect(await livenessOf(identity)).toBe('dead');
});

describe.each([
  ['by /proc', '/proc'],
  ['by ps, where there is no /proc', '/nonexistent'],
])('%s', (_how, proc) => {
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
  onTestFinished(() => void shell.kill('SIGKILL'));
  const [line] = await once(shell.stdout, 'data');
  const pid = Number(String(line).trim());
  const identity = await identify(pid);
  await expect.poll(() => livenessOf(identity)).toBe('dead');
});
