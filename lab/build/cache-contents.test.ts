import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cacheEntries, pruneCache } from './cache.js';

let root: string;

async function put(path: string, bytes = 10_000): Promise<void> {
  await mkdir(join(root, path), { recursive: true });
  await writeFile(join(root, path, 'file'), Buffer.alloc(bytes));
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cache-'));
  await put('kubernetes-1.37/1.37.1_aaaaaaaaaaaa');
  // Times of files go by the kernel's tick.
  await sleep(20);
  await put('kubernetes-1.37/1.37.2_bbbbbbbbbbbb', 500_000);
  await put('etcd-3.7/3.7.3_cccccccccccc');
  await put('go-mod/example.test');
  await put('tmp/kubernetes-1.36-x');
});
afterEach(() => rm(root, { recursive: true, force: true }));

it('lists products with their sizes; old builds and what only builders need are spare', async () => {
  const entries = await cacheEntries(root);
  expect(entries.map(({ path, isSpare }) => [path, isSpare])).toEqual([
    ['etcd-3.7/3.7.3_cccccccccccc', false],
    ['go-mod', true],
    ['kubernetes-1.37/1.37.1_aaaaaaaaaaaa', true],
    ['kubernetes-1.37/1.37.2_bbbbbbbbbbbb', false],
    ['tmp', true],
  ]);
  const [largest] = entries.toSorted((a, b) => b.bytes - a.bytes);
  expect(largest?.path).toBe('kubernetes-1.37/1.37.2_bbbbbbbbbbbb');
  expect(largest?.bytes).toBeGreaterThanOrEqual(500_000);
});

it('prunes what is spare, or everything', async () => {
  await pruneCache({ root });
  expect((await cacheEntries(root)).map(({ path }) => path)).toEqual([
    'etcd-3.7/3.7.3_cccccccccccc',
    'kubernetes-1.37/1.37.2_bbbbbbbbbbbb',
  ]);
  await pruneCache({ root, all: true });
  expect(await cacheEntries(root)).toEqual([]);
});

it('has nothing before anything was built', async () => {
  expect(await cacheEntries(join(root, 'none'))).toEqual([]);
  expect(await readdir(root)).not.toContain('none');
});
