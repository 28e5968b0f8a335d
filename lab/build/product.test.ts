import { access, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DisklessError } from '../../src/errors.js';
import { materialize, type Product } from './product.js';

let root: string;
let builds: number;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'product-'));
  builds = 0;
});

afterEach(() => rm(root, { recursive: true, force: true }));

function product(input: string, build?: Product['build']): Product {
  const countedBuild: Product['build'] = async ({ output }) => {
    builds++;
    await writeFile(join(output, 'file'), `${input} ${builds}`);
    return { version: `1.${builds}` };
  };
  return { name: 'thing', inputs: async () => [input], build: build ?? countedBuild };
}

const quiet = () => {};

describe('materialize', () => {
  it('builds once for the same inputs', async () => {
    const first = await materialize(product('a'), { root, progress: quiet });
    const second = await materialize(product('a'), { root, progress: quiet });
    expect(second).toBe(first);
    expect(first).toMatch(/\/thing\/1\.1_[0-9a-f]{12}$/);
    expect(await readFile(join(first, 'file'), 'utf8')).toBe('a 1');
  });

  it('builds once for two callers at the same time, and tells the second that it waits', async () => {
    const lines: string[] = [];
    const options = { root, progress: (line: string) => lines.push(line) };
    const [first, second] = await Promise.all([materialize(product('a'), options), materialize(product('a'), options)]);
    expect(second).toBe(first);
    expect(builds).toBe(1);
    expect(lines).toContain('thing: waiting for another build of it to finish');
  });

  it('builds again for other inputs, and when asked to', async () => {
    const first = await materialize(product('a'), { root, progress: quiet });
    const other = await materialize(product('b'), { root, progress: quiet });
    const again = await materialize(product('b'), { root, progress: quiet, rebuild: true });
    expect(new Set([first, other, again]).size).toBe(3);
    expect(await materialize(product('b'), { root, progress: quiet })).toBe(again);
  });

  it('keeps the two newest builds', async () => {
    for (const name of ['0.8_a', '0.9_b']) {
      await mkdir(join(root, 'thing', name), { recursive: true });
      // Times of files go by the kernel's tick.
      await sleep(20);
    }
    await materialize(product('c'), { root, progress: quiet });
    const kept = await readdir(join(root, 'thing'));
    expect(kept.map((name) => name.slice(0, 3)).sort()).toEqual(['0.9', '1.1']);
  });

  it('keeps older ones that somebody works with', async () => {
    const built: string[] = [];
    for (const input of ['a', 'b', 'c']) built.push(await materialize(product(input), { root, progress: quiet }));
    for (const directory of built) await access(directory);
  });

  it.each([
    ['was truncated', (path: string) => truncate(path, 1), 'file has 1 bytes in place of 3'],
    ['is missing', (path: string) => rm(path), 'file is missing'],
  ])('builds anew what is damaged, and says so: a file %s', async (_, damage, words) => {
    const first = await materialize(product('a'), { root, progress: quiet });
    await damage(join(first, 'file'));
    const lines: string[] = [];
    const second = await materialize(product('a'), { root, progress: (line) => lines.push(line) });
    expect(await readFile(join(second, 'file'), 'utf8')).toBe('a 2');
    expect(lines[0]).toBe(`thing: what the cache has is damaged (${words}), so it is built anew`);
    expect(await materialize(product('a'), { root, progress: quiet })).toBe(second);
  });

  it('takes what an earlier release has built for whole, and notices when that is damaged later', async () => {
    const first = await materialize(product('a'), { root, progress: quiet });
    await rm(join(root, 'contents'), { recursive: true });
    expect(await materialize(product('a'), { root, progress: quiet })).toBe(first);
    await truncate(join(first, 'file'));
    await materialize(product('a'), { root, progress: quiet });
    expect(builds).toBe(2);
  });

  it('builds anew what nobody can tell the files of any more', async () => {
    const first = await materialize(product('a'), { root, progress: quiet });
    await writeFile(join(root, 'contents/thing', `${basename(first)}.json`), '{');
    await materialize(product('a'), { root, progress: quiet });
    expect(builds).toBe(2);
  });

  it.each([
    ['a file that is written', Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })],
    [
      'a compiler',
      new DisklessError({ code: 'lab-build-failed', message: 'x', detail: 'write a.o: no space left on device' }),
    ],
  ])('says that the disk is full where %s finds it full, and leaves nothing', async (_, error) => {
    const failing = product('a', () => Promise.reject(error));
    await expect(materialize(failing, { root, progress: quiet })).rejects.toMatchObject({
      code: 'lab-disk-full',
      exit: 4,
      message: 'thing cannot be built: there is no space left',
      detail: expect.stringContaining('no space left on device'),
      hint: expect.stringContaining('cache prune'),
    });
    expect(await readdir(join(root, 'thing'))).toEqual([]);
  });

  it('says that the cache was changed where its build was taken away, and leaves nothing', async () => {
    const robbed = product('a', async ({ output }) => {
      await rm(join(output, '..'), { recursive: true });
      return { version: '1' };
    });
    await expect(materialize(robbed, { root, progress: quiet })).rejects.toMatchObject({
      code: 'lab-cache-changed',
      message: 'thing cannot be built: something else has changed the cache meanwhile',
      detail: expect.stringContaining('ENOENT'),
    });
    expect(await readdir(join(root, 'thing'))).toEqual([]);
  });

  it('says that its cache is none where it cannot be made', async () => {
    await writeFile(join(root, 'occupied'), '');
    await expect(materialize(product('a'), { root: join(root, 'occupied'), progress: quiet })).rejects.toMatchObject({
      code: 'lab-cache-unusable',
      message: `cannot write to the lab's cache ${root}/occupied`,
      hint: expect.stringContaining('K8S_DISKLESS_LAB_CACHE'),
    });
  });

  it('leaves nothing behind of a build that failed', async () => {
    const failing = product('a', async ({ output, work }) => {
      await writeFile(join(output, 'half'), '');
      await writeFile(join(work, 'half'), '');
      throw new Error('no luck');
    });
    await expect(materialize(failing, { root, progress: quiet })).rejects.toThrow('no luck');
    expect(await readdir(join(root, 'thing'))).toEqual([]);
    expect(await readdir(join(root, 'tmp'))).toEqual([]);
    await access(await materialize(product('a'), { root, progress: quiet }));
  });
});
