import type { FileHandle } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { DisklessError } from '../../src/errors.js';
import { checkPages } from '../../src/etcd-file/check-pages.js';
import { kubernetesName } from '../../src/etcd-file/kubernetes-name.js';
import { liveValues } from '../../src/etcd-file/live-values.js';
import { readContents } from '../../src/etcd-file/read-contents.js';
import { checkTrailingHash } from '../../src/etcd-file/trailing-hash.js';
import { numbers } from '../helpers/drawn.js';
import { type FixtureName, fixture, withFile } from './fixture.js';

/* bbolt's pages have no checksum: what damage leaves in order is found by the hash behind them, and by nothing else. */

const ROUNDS = 40;
const PAGE_BYTES = 4096;
const NAMES: readonly FixtureName[] = ['snapshot-3.5', 'snapshot-3.7', 'bumped-3.7'];

async function readAll(file: FileHandle): Promise<{ intactMetas: number; digest: string }> {
  const database = await checkPages({ file });
  const contents = await readContents({ database });
  const lines: unknown[] = [{ ...contents, objectsByResource: [...contents.objectsByResource] }];
  for await (const { value, ...rest } of liveValues({ database, prefix: '' }))
    lines.push(rest, kubernetesName(value), value.toString('base64'));
  return { intactMetas: database.intactMetas, digest: JSON.stringify(lines) };
}

/** What is read, or `damaged`; anything else that is thrown is an error of ours. */
async function outcome(file: FileHandle): Promise<string> {
  try {
    return (await readAll(file)).digest;
  } catch (error) {
    if (error instanceof DisklessError && error.code === 'snapshot-damaged') return 'damaged';
    throw error;
  }
}

describe.each(NAMES)('%s', (name) => {
  const whole = fixture(name);
  const next = numbers();
  const below = (limit: number) => Math.floor(next() * limit);

  /** Writes over a part of the file, and back. */
  async function withChange<T>(file: FileHandle, at: number, bytes: Buffer, work: () => Promise<T>): Promise<T> {
    await file.write(bytes, 0, bytes.length, at);
    try {
      return await work();
    } finally {
      await file.write(whole, at, bytes.length, at);
    }
  }

  const flipped = (at: number) => Buffer.from([whole.readUInt8(at) ^ (1 << below(8))]);

  it('a bit that is flipped anywhere is read as damage or as data, and the hash finds it', () =>
    withFile(whole, async (file) => {
      for (let round = 0; round < ROUNDS; round++) {
        const at = below(whole.length);
        await withChange(file, at, flipped(at), async () => {
          await outcome(file);
          expect((await checkTrailingHash(file)).verdict, `byte ${at}`).not.toBe('right');
        });
      }
    }));

  it('a bit that is flipped where pages are described is read as damage or as data', () =>
    withFile(whole, async (file) => {
      for (let round = 0; round < ROUNDS; round++) {
        const at = below(whole.length / PAGE_BYTES - 1) * PAGE_BYTES + below(100);
        await withChange(file, at, flipped(at), () => outcome(file));
      }
    }));

  it('random bytes are read as damage or as data', () =>
    withFile(whole, async (file) => {
      for (let round = 0; round < ROUNDS; round++) {
        const bytes = Buffer.from(Array.from({ length: 1 + below(64) }, () => below(256)));
        const at = below(whole.length - bytes.length);
        await withChange(file, at, bytes, () => outcome(file));
      }
    }));

  it('a page that stands in the place of another is damage where either is in use', () =>
    withFile(whole, async (file) => {
      const before = await outcome(file);
      for (let round = 0; round < ROUNDS / 3; round++) {
        const [from, to] = [below(whole.length / PAGE_BYTES - 1), below(whole.length / PAGE_BYTES - 1)];
        const page = whole.subarray(from * PAGE_BYTES, (from + 1) * PAGE_BYTES);
        if (to < 2 || page.readUInt32LE(0) === to) continue;
        const after = await withChange(file, to * PAGE_BYTES, page, () => outcome(file));
        if (after !== before && after !== 'damaged') expect(isOverflow(whole, to), `page ${from} as ${to}`).toBe(true);
      }
    }));

  it('a bit that is flipped in a meta page is told, and changes nothing in what etcd sent', () =>
    withFile(whole, async (file) => {
      const before = await readAll(file);
      expect(before.intactMetas).toBe(2);
      for (const page of [0, PAGE_BYTES])
        for (let at = page; at < page + 80; at += 1 + below(4)) {
          const after = await withChange(file, at, flipped(at), () => readAll(file));
          expect(after.intactMetas, `byte ${at}`).toBe(isUnusedHeader(at - page) ? 2 : 1);
          // A member's own file has the commit before in the other one.
          if (name !== 'bumped-3.7') expect(after.digest === before.digest, `byte ${at}`).toBe(true);
        }
    }));
});

/** Count and overflow, which mean nothing there. */
const isUnusedHeader = (at: number): boolean => at >= 10 && at < 16;

/** Whether a page belongs to one before it: then it has no header that says which it is. */
function isOverflow(file: Buffer, page: number): boolean {
  for (let id = 2; id < page; id++) {
    const at = id * PAGE_BYTES;
    if (file.readUInt32LE(at) === id && file.readUInt32LE(at + 4) === 0 && id + file.readUInt32LE(at + 12) >= page)
      return true;
  }
  return false;
}

it('a snapshot that is cut off anywhere before its hash lacks a page', async () => {
  const whole = fixture('snapshot-3.7');
  const next = numbers();
  await withFile(whole, async (file) => {
    // Each time shorter than before.
    for (let length = whole.length - 33; length > 0; length -= Math.ceil(next() * 20_000)) {
      await file.truncate(length);
      expect(await outcome(file), `${length} bytes`).toBe('damaged');
    }
  });
});

it('what is no snapshot is damaged', async () => {
  const next = numbers();
  const noise = Buffer.from(Array.from({ length: 20_000 }, () => Math.floor(next() * 256)));
  for (const bytes of [noise, Buffer.alloc(0), Buffer.alloc(100_000), Buffer.from('# a text\n'.repeat(1000))])
    expect(await withFile(bytes, outcome)).toBe('damaged');
});
