import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DisklessError } from '../../src/errors.js';
import { acquireLock, type Lock } from '../../src/state/lock.js';
import { entryName } from '../../src/state/lock-owner.js';
import { identify, type ProcessIdentity } from '../../src/state/process-identity.js';
import { type Child, startChild } from './children/child.js';

let directory: string;
let path: string;
const children: Child[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lock-'));
  path = join(directory, 'lock');
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.kill()));
  await rm(directory, { recursive: true });
});

const now = (): Date => new Date('2026-11-20T10:15:30Z');
const acquire = (): Promise<Lock> => acquireLock({ path, command: 'k8s-diskless plan', now });
const refusalOf = (taking: Promise<Lock>): Promise<DisklessError> =>
  taking.then(
    () => Promise.reject(new Error('the lock was given')),
    (error: DisklessError) => error,
  );

async function holder(): Promise<Child & { pid: number }> {
  const child = startChild(new URL('./children/hold-lock.mjs', import.meta.url), path);
  children.push(child);
  const { pid } = JSON.parse(await child.line());
  return { ...child, pid };
}

async function take(child: Child): Promise<{ held: boolean; takenOverFrom?: number; message?: string; exit?: number }> {
  child.send('take');
  return JSON.parse(await child.line());
}

/** The lock of a run with this identity, which never was one of ours. */
async function leaveLock(changes: Partial<ProcessIdentity>, content = ''): Promise<string> {
  const entry = entryName({ ...(await identify(process.pid)), ...changes });
  await mkdir(path);
  await writeFile(join(path, entry), content);
  return entry;
}

describe('one run at a time', () => {
  test('taken, and gone after its release', async () => {
    const lock = await acquire();
    expect(lock.owner).toMatchObject({
      pid: process.pid,
      command: 'k8s-diskless plan',
      since: '2026-11-20T10:15:30.000Z',
    });
    expect(lock.takenOverFrom).toBeUndefined();
    expect(await readdir(directory)).toEqual(['lock']);
    lock.release();
    lock.release();
    expect(await readdir(directory)).toEqual([]);
  });

  test('a living run refuses the next one, by name', async () => {
    const child = await holder();
    expect(await take(child)).toEqual({ held: true });
    const error = await refusalOf(acquire());
    expect(error).toMatchObject({ code: 'locked', exit: 5 });
    expect(error.message).toContain(`k8s-diskless up --hosts s4 (pid ${child.pid}, user `);
    expect(error.message).toMatch(/since \d{4}-\d\d-\d\dT/);
    expect(error.hint).toContain(`kill ${child.pid}`);
    child.send('release');
    await child.line();
    const lock = await acquire();
    expect(lock.takenOverFrom).toBeUndefined();
    lock.release();
  });

  test('in one process too', async () => {
    const results = await Promise.allSettled(Array.from({ length: 10 }, acquire));
    const given = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(given).toHaveLength(1);
    expect(await readdir(directory)).toEqual(['lock']);
    for (const lock of given) lock.release();
  });

  test('releasing twice does not release the next owner', async () => {
    const first = await acquire();
    first.release();
    const second = await acquire();
    first.release();
    expect(await refusalOf(acquire())).toMatchObject({ code: 'locked' });
    second.release();
  });

  test('processes that contend for it never hold it together', { timeout: 120_000 }, async () => {
    const critical = join(directory, 'critical');
    const contenders = [1, 2, 3].map(() =>
      startChild(new URL('./children/contend.mjs', import.meta.url), path, critical, '80'),
    );
    children.push(...contenders);
    const results = await Promise.all(contenders.map(async (child) => JSON.parse(await child.line())));
    expect(results).toEqual(Array(3).fill({ held: 80, violations: 0 }));
    expect(await readdir(directory)).toEqual([]);
  });
});

describe('the lock of a dead run', () => {
  test('killed with SIGKILL: taken over, with a word about it', async () => {
    const child = await holder();
    expect(await take(child)).toEqual({ held: true });
    await child.kill();
    const lock = await acquire();
    expect(lock.takenOverFrom).toMatchObject({ pid: child.pid, command: 'k8s-diskless up --hosts s4' });
    expect(await refusalOf(acquire())).toMatchObject({ code: 'locked' });
    lock.release();
    expect(await readdir(directory)).toEqual([]);
  });

  test('killed at any moment of taking and releasing it', { timeout: 120_000 }, async () => {
    for (let round = 0; round < 5; round++) {
      const child = startChild(
        new URL('./children/contend.mjs', import.meta.url),
        path,
        join(directory, 'critical'),
        'Infinity',
      );
      children.push(child);
      await expect.poll(() => readdir(directory), { timeout: 60_000 }).not.toEqual([]);
      // Any moment will do: the wait only spreads the kills over the cycle.
      await delay(round * 3);
      await child.kill();
      await rm(join(directory, 'critical'), { recursive: true, force: true });
      (await acquire()).release();
      expect(await readdir(directory)).toEqual([]);
    }
  });

  test('of several takers exactly one wins', { timeout: 120_000 }, async () => {
    const takers = await Promise.all([holder(), holder(), holder(), holder()]);
    for (let round = 0; round < 25; round++) {
      await leaveLock({ start: 'of a process long gone' });
      const answers = await Promise.all(takers.map(take));
      const winners = answers.filter(({ held }) => held);
      expect(winners).toEqual([{ held: true, takenOverFrom: process.pid }]);
      expect(answers.filter(({ held }) => !held).map(({ exit }) => exit)).toEqual([5, 5, 5]);
      for (const taker of takers) taker.send('release');
      await Promise.all(takers.map((taker) => taker.line()));
      expect(await readdir(directory)).toEqual([]);
    }
  });

  test.each<[string, Partial<ProcessIdentity>]>([
    ['its pid belongs to another process now', { start: '1' }],
    ['the machine was rebooted since', { boot: '00000000' }],
    ['no process has its pid', { pid: 2 ** 30 }],
  ])('%s', async (_case, identity) => {
    await leaveLock(identity);
    const lock = await acquire();
    expect(lock.takenOverFrom).toMatchObject({ ...identity, command: 'unknown' });
    lock.release();
  });

  test('killed between the two steps of a release: the lock is an empty directory', async () => {
    await mkdir(path);
    const lock = await acquire();
    expect(lock.takenOverFrom).toBeUndefined();
    lock.release();
  });

  test('killed in the middle of a take-over: what the file says is of an earlier owner, and not believed', async () => {
    await leaveLock({ pid: 2 ** 30 }, JSON.stringify({ pid: 2 ** 29, start: '5', command: 'earlier' }));
    const lock = await acquire();
    expect(lock.takenOverFrom).toMatchObject({ pid: 2 ** 30, command: 'unknown' });
    lock.release();
  });

  test('claims of dead runs are removed, those of living ones stay', async () => {
    const staging = async (changes: Partial<ProcessIdentity>): Promise<string> => {
      const name = `.lock-${entryName({ ...(await identify(process.pid)), ...changes })}.tmp`;
      await mkdir(join(directory, name));
      return name;
    };
    await staging({ pid: 2 ** 30 });
    const living = await staging({});
    const lock = await acquire();
    expect((await readdir(directory)).sort()).toEqual([living, basename(path)].sort());
    lock.release();
  });
});

describe('what cannot be judged is left alone', () => {
  test.each<[string, Partial<ProcessIdentity>]>([
    ['another machine', { host: 'other.example.org', boot: '00000000' }],
    ['another container', { namespace: '4026500000' }],
  ])('%s', async (_case, identity) => {
    const entry = await leaveLock(identity);
    const error = await refusalOf(acquire());
    expect(error).toMatchObject({ code: 'locked', exit: 5 });
    expect(error.hint).toContain(`if it is certainly dead, remove ${path}`);
    expect(await readdir(path)).toEqual([entry]);
  });

  test('a file in its place', async () => {
    await writeFile(path, 'mine');
    expect(await refusalOf(acquire())).toMatchObject({ code: 'lock-foreign', exit: 2 });
    expect(await readdir(directory)).toEqual(['lock']);
  });

  test('a directory of somebody else in its place', async () => {
    await mkdir(join(path, 'photos'), { recursive: true });
    expect(await refusalOf(acquire())).toMatchObject({ code: 'lock-foreign', exit: 2 });
    expect(await readdir(path)).toEqual(['photos']);
  });

  test('no directory to put it in', async () => {
    path = join(directory, 'missing', 'lock');
    expect(await refusalOf(acquire())).toMatchObject({ code: 'state-not-usable', exit: 2 });
  });
});

describe('an owner that is waited for', () => {
  const signal = () => new AbortController().signal;

  test('gives it to who waits, who says once for whom', async () => {
    const first = await acquire();
    const told: string[] = [];
    const wait = {
      isFor: () => true,
      onWait: (owner: { command: string }) => told.push(owner.command),
      signal: signal(),
    };
    const second = acquireLock({ path, command: 'k8s-diskless up', now, wait });
    await expect.poll(() => told).toEqual(['k8s-diskless plan']);
    first.release();
    (await second).release();
    expect(told).toHaveLength(1);
  });

  test('is not, where it is another one', async () => {
    const first = await acquire();
    const wait = { isFor: ({ command }: { command: string }) => command === 'serve', signal: signal() };
    expect(await refusalOf(acquireLock({ path, command: 'up', now, wait }))).toMatchObject({ code: 'locked' });
    first.release();
  });

  test('is not any more after Ctrl-C', async () => {
    const first = await acquire();
    const end = new AbortController();
    const wait = { isFor: () => true, onWait: () => end.abort(new Error('interrupted')), signal: end.signal };
    await expect(acquireLock({ path, command: 'up', now, wait })).rejects.toThrow('interrupted');
    first.release();
  });
});
