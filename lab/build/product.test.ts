import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
