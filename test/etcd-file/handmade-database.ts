import { fnv64a } from '../../src/etcd-file/meta-pages.js';

/* A small database with everything that bbolt writes and etcd does not: a list of free pages, other sizes of pages. */

export interface DatabaseShape {
  pageSizeBytes?: number;
  /** Long: as when there are 65,535 free pages or more. */
  freelist?: 'short' | 'long' | 'absent';
}

export const PAGE = { root: 2, freelist: 3, branch: 4, firstLeaf: 5, secondLeaf: 6, free: 7 } as const;
const SIZE = 4096;
export const pageAt = (id: number): number => id * SIZE;

const KIND = { branch: 1, leaf: 2, meta: 4, freelist: 16 } as const;
const NONE = Buffer.alloc(8, 0xff);

/** Where things lie in it, unless another shape is asked for. */
export const ELEMENTS = {
  firstKey: pageAt(PAGE.firstLeaf) + 16 + 2 * 16,
  secondKey: pageAt(PAGE.firstLeaf) + 16 + 2 * 16 + 'bob'.length + 'one'.length,
  /** Header of the page of the bucket `small`. */
  inline: pageAt(PAGE.root) + 16 + 2 * 16 + 'key'.length + 16 + 'small'.length + 16,
} as const;

/** Bucket `key` with a branch and leaves, and `small` inline. */
export function sampleDatabase({ pageSizeBytes = SIZE, freelist = 'short' }: DatabaseShape = {}): Buffer {
  const inline = Buffer.concat([Buffer.alloc(16), leafPage(0, [{ key: 'in', value: Buffer.from('side') }])]);
  const buckets = [
    { key: 'key', value: Buffer.concat([number(PAGE.branch), number(0)]), flags: 1 },
    { key: 'small', value: inline, flags: 1 },
  ];
  const children = [
    { key: 'bob', id: PAGE.firstLeaf },
    { key: 'tom', id: PAGE.secondLeaf },
  ];
  const text = (key: string, value: string) => ({ key, value: Buffer.from(value) });
  const pages = [
    leafPage(PAGE.root, buckets),
    freelistPage(freelist),
    branchPage(PAGE.branch, children),
    leafPage(PAGE.firstLeaf, [text('bob', 'one'), text('eve', 'two')]),
    leafPage(PAGE.secondLeaf, [text('tom', 'three')]),
    Buffer.alloc(0),
  ];
  return file({ pageSizeBytes, pages, freelist: freelist === 'absent' ? NONE : number(PAGE.freelist) });
}

interface FileParts {
  pageSizeBytes: number;
  /** From page 2 on. */
  pages: readonly Buffer[];
  freelist: Buffer;
}

function file({ pageSizeBytes, pages, freelist }: FileParts): Buffer {
  const bytes = Buffer.alloc((2 + pages.length) * pageSizeBytes);
  for (const [index, page] of pages.entries()) page.copy(bytes, (2 + index) * pageSizeBytes);
  for (const id of [0, 1] as const) {
    header(id, KIND.meta, 0).copy(bytes, id * pageSizeBytes);
    const root = [number(PAGE.root), number(0)];
    const sizes = [word(0xed0cdaed), word(2), word(pageSizeBytes), word(0)];
    Buffer.concat([...sizes, ...root, freelist, number(2 + pages.length), number(8 - id)]).copy(
      bytes,
      id * pageSizeBytes + 16,
    );
    sealMeta(bytes, id, pageSizeBytes);
  }
  return bytes;
}

/** Makes a changed meta page valid again. */
export function sealMeta(bytes: Buffer, id: 0 | 1, pageSizeBytes = SIZE): void {
  const start = id * pageSizeBytes + 16;
  bytes.writeBigUInt64LE(fnv64a(bytes.subarray(start, start + 56)), start + 56);
}

function freelistPage(freelist: DatabaseShape['freelist']): Buffer {
  if (freelist === 'absent') return leafPage(PAGE.freelist, []);
  const first =
    freelist === 'long'
      ? [header(PAGE.freelist, KIND.freelist, 0xffff), number(1)]
      : [header(PAGE.freelist, KIND.freelist, 1)];
  return Buffer.concat([...first, number(PAGE.free)]);
}

function branchPage(id: number, children: readonly { key: string; id: number }[]): Buffer {
  const keys = children.map(({ key }) => Buffer.from(key));
  const elements = children.map((child, index) =>
    Buffer.concat([word(distance(keys, index)), word(child.key.length), number(child.id)]),
  );
  return Buffer.concat([header(id, KIND.branch, children.length), ...elements, ...keys]);
}

function leafPage(id: number, entries: readonly { key: string; value: Buffer; flags?: number }[]): Buffer {
  const data = entries.map(({ key, value }) => Buffer.concat([Buffer.from(key), value]));
  const elements = entries.map(({ key, value, flags = 0 }, index) =>
    Buffer.concat([word(flags), word(distance(data, index)), word(key.length), word(value.length)]),
  );
  return Buffer.concat([header(id, KIND.leaf, entries.length), ...elements, ...data]);
}

/** From an element to its data. */
function distance(data: readonly Buffer[], index: number): number {
  const before = data.slice(0, index).reduce((sum, { length }) => sum + length, 0);
  return (data.length - index) * 16 + before;
}

function header(id: number, kind: number, count: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(id, 0);
  bytes.writeUInt16LE(kind, 8);
  bytes.writeUInt16LE(count, 10);
  return bytes;
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

const number = (value: number): Buffer => Buffer.concat([word(value), word(0)]);
