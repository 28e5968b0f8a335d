import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from './build-lock.js';
import { cacheEntries, dropWorkplace, overLimit, pruneCache } from './cache-contents.js';
import { buildLock, inCache } from './cache-locks.js';
import { openCacheUse } from './cache-users.js';
import { materialize } from './product.js';

let root: string;
/** Where labs have their records. */
let labs: string;

async function put(path: string, bytes = 10_000): Promise<void> {
  await mkdir(join(root, path), { recursive: true });
  await writeFile(join(root, path, 'file'), Buffer.alloc(bytes));
}

const paths = (entries: readonly { path: string }[]): string[] => entries.map(({ path }) => path);
const left = async (): Promise<string[]> => paths(await cacheEntries(root));

const OLD = 'kubernetes-1.37/1.37.1_aaaaaaaaaaaa';
const NEW = 'kubernetes-1.37/1.37.2_bbbbbbbbbbbb';
const ETCD = 'etcd-3.7/3.7.3_cccccccccccc';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cache-'));
  labs = join(root, '../labs-of', root.replaceAll('/', ''));
  await put(OLD);
  // Times of files go by the kernel's tick.
  await sleep(20);
  await put(NEW, 500_000);
  await put(ETCD);
  await put('go-mod/example.test');
  await put('go-build/1.36');
  await put('tmp/kubernetes-1.36-xyz123');
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
  await rm(labs, { recursive: true, force: true });
});

it('lists products with their sizes; old builds and what only builders need are spare', async () => {
  const entries = await cacheEntries(root);
  expect(entries.map(({ path, isSpare }) => [path, isSpare])).toEqual([
    [ETCD, false],
    ['go-build/1.36', true],
    ['go-mod', true],
    [OLD, true],
    [NEW, false],
    ['tmp/kubernetes-1.36-xyz123', true],
  ]);
  const [largest] = entries.toSorted((a, b) => b.bytes - a.bytes);
  expect(largest?.path).toBe(NEW);
  expect(largest?.bytes).toBeGreaterThanOrEqual(500_000);
});

it('has nothing before anything was built', async () => {
  expect(await cacheEntries(join(root, 'none'))).toEqual([]);
  expect(await readdir(root)).not.toContain('none');
});

it('says when it is larger than it may be, and what helps', async () => {
  expect(await overLimit(root)).toBeUndefined();
  expect(await overLimit(root, 400_000)).toMatch(/^the cache \S+ is larger than 0.0004 GB: .* cache prune/);
});

describe('pruneCache', () => {
  it('removes what is spare, or everything', async () => {
    expect(paths((await pruneCache({ root, labs })).removed)).toEqual([
      'go-build/1.36',
      'go-mod',
      OLD,
      'tmp/kubernetes-1.36-xyz123',
    ]);
    expect(await left()).toEqual([ETCD, NEW]);
    await pruneCache({ root, labs, all: true });
    expect(await left()).toEqual([]);
  });

  it('keeps what a process works with for as long as it does', async () => {
    const use = openCacheUse(root);
    for (const path of [OLD, ETCD, 'go-build/1.36']) await use.add(path);
    const { kept } = await pruneCache({ root, labs, all: true });
    const why = `in use by process ${process.pid}`;
    expect(kept.map((entry) => [entry.path, entry.why])).toEqual([
      [ETCD, why],
      ['go-build/1.36', why],
      [OLD, why],
    ]);
    await use.end();
    await pruneCache({ root, labs, all: true });
    expect(await left()).toEqual([]);
  });

  it('does not keep what a process had that was killed', async () => {
    const module = JSON.stringify(new URL('./cache-users.ts', import.meta.url).href);
    const program = `const { openCacheUse } = await import(${module});
      await openCacheUse(${JSON.stringify(root)}).add(${JSON.stringify(OLD)});
      console.log('held');
      setInterval(() => {}, 60_000);`;
    const user = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(user.stdout, 'data');
      const why = `in use by process ${user.pid}`;
      expect((await pruneCache({ root, labs })).kept).toMatchObject([{ path: OLD, why }]);
    } finally {
      user.kill('SIGKILL');
      await once(user, 'exit');
    }
    expect(paths((await pruneCache({ root, labs })).removed)).toEqual([OLD]);
    expect(await readdir(join(root, 'users'))).toEqual([]);
  });

  it('keeps what a lab was made of, and names the lab', async () => {
    await mkdir(join(labs, 'lab'), { recursive: true });
    const build = {
      artifacts: join(root, OLD),
      systems: { oldest: [join(root, ETCD, 'usr.squashfs')] },
      dnsImage: 'x',
    };
    await writeFile(join(labs, 'lab/lab.json'), JSON.stringify({ plan: {}, build }));
    const { kept } = await pruneCache({ root, labs, all: true });
    expect(kept.map(({ path, why }) => [path, why])).toEqual([
      [ETCD, 'in use by the lab lab'],
      [OLD, 'in use by the lab lab'],
    ]);
  });

  it('keeps what is being built, and what any build needs; remains of others go', async () => {
    await mkdir(join(root, 'kubernetes-1.36'));
    await put('tmp/etcd-3.7-abc123');
    await put('downloads/releases-1.37.2-3.7.3');
    const onWait = () => expect.unreachable();
    await withLock({ name: buildLock(root, 'kubernetes-1.36'), onWait }, async () => {
      const { removed, kept } = await pruneCache({ root, labs });
      expect(paths(removed)).toEqual(['downloads/releases-1.37.2-3.7.3', OLD, 'tmp/etcd-3.7-abc123']);
      const why = 'kubernetes-1.36 is being built';
      expect(kept.map((entry) => [entry.path, entry.why])).toEqual([
        ['go-build/1.36', why],
        ['go-mod', why],
        ['tmp/kubernetes-1.36-xyz123', why],
      ]);
    });
  });

  it('keeps all of a product that is being built', async () => {
    const onWait = () => expect.unreachable();
    await withLock({ name: buildLock(root, 'kubernetes-1.37'), onWait }, async () => {
      const { kept } = await pruneCache({ root, labs, all: true });
      expect(paths(kept)).toEqual(['go-build/1.36', 'go-mod', OLD, NEW]);
    });
    expect(await left()).toContain(NEW);
  });

  it('is waited for by whoever begins to build or takes what is there', async () => {
    let isThrough = false;
    const product = { name: 'thing', inputs: async () => [], build: async () => ({ version: '1' }) };
    let making: Promise<string> | undefined;
    await inCache(root, undefined, async () => {
      making = materialize(product, { root, progress: () => {} });
      making.then(() => {
        isThrough = true;
      });
      await sleep(50);
      expect(isThrough).toBe(false);
      expect(existsSync(join(root, 'thing'))).toBe(false);
    });
    expect(await making).toMatch(/thing\/1_/);
  });
});

describe('dropWorkplace', () => {
  it('removes what was compiled, unless another process works there', async () => {
    const use = openCacheUse(root);
    await use.add('go-build/1.36');
    await dropWorkplace(root, 'go-build/1.36');
    expect(await left()).toContain('go-build/1.36');
    await use.end();
    await dropWorkplace(root, 'go-build/1.36');
    expect(await left()).toEqual([ETCD, 'go-mod', OLD, NEW, 'tmp/kubernetes-1.36-xyz123']);
    await dropWorkplace(root, 'go-build/1.36');
  });
});
