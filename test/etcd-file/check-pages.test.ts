import { describe, expect, it } from 'vitest';
import { checkPages } from '../../src/etcd-file/check-pages.js';
import { withFile } from './fixture.js';
import { type DatabaseShape, ELEMENTS, PAGE, pageAt, sampleDatabase, sealMeta } from './handmade-database.js';

const check = (bytes: Uint8Array) => withFile(bytes, (file) => checkPages({ file }));
const refused = (bytes: Uint8Array) => expect(check(bytes)).rejects;

/** A whole one with one thing wrong. */
function spoiled(spoil: (bytes: Buffer) => void, shape: DatabaseShape = {}): Buffer {
  const bytes = sampleDatabase(shape);
  spoil(bytes);
  return bytes;
}

const damagedAt = (place: string) => ({ code: 'snapshot-damaged', message: expect.stringContaining(place) });

describe('whole', () => {
  it.each([1024, 4096, 16_384, 65_536])('with pages of %i bytes', async (pageSizeBytes) => {
    const { meta, intactMetas } = await check(sampleDatabase({ pageSizeBytes }));
    expect(meta).toMatchObject({ pageSizeBytes, pages: 8, rootPage: PAGE.root, freelistPage: PAGE.freelist });
    expect(intactMetas).toBe(2);
  });

  it('without a list of free pages, as etcd writes it: pages that nothing refers to are free', async () => {
    const { meta } = await check(sampleDatabase({ freelist: 'absent' }));
    expect(meta.freelistPage).toBeUndefined();
  });

  it('with a list of free pages whose count stands in front of it', async () => {
    await check(sampleDatabase({ freelist: 'long' }));
  });

  it('with more bytes behind the last page', async () => {
    await check(Buffer.concat([sampleDatabase(), Buffer.alloc(10_000)]));
  });
});

describe('the meta pages', () => {
  it('the one with the higher transaction counts', async () => {
    const older = spoiled((bytes) => {
      bytes.writeUInt32LE(4, pageAt(1) + 16 + 16);
      sealMeta(bytes, 1);
    });
    expect((await check(older)).meta).toMatchObject({ rootPage: PAGE.root, transaction: 8n });
    const newer = spoiled((bytes) => {
      bytes.writeUInt32LE(9, pageAt(1) + 16 + 48);
      sealMeta(bytes, 1);
    });
    expect((await check(newer)).meta.transaction).toBe(9n);
  });

  it.each([0, 1] as const)('with number %i damaged the other counts, and it is said', async (id) => {
    const { meta, intactMetas } = await check(spoiled((bytes) => bytes.writeUInt8(1, pageAt(id) + 16 + 17)));
    expect(intactMetas).toBe(1);
    expect(meta).toMatchObject({ rootPage: PAGE.root, transaction: id === 0 ? 7n : 8n });
  });

  it.each([
    ['magic', 0],
    ['version', 4],
    ['checksum', 56],
  ])('with another %s in both', (_, at) =>
    refused(
      spoiled((bytes) => {
        for (const id of [0, 1]) bytes.writeUInt8(7, pageAt(id) + 16 + at);
      }),
    ).toMatchObject(damagedAt('neither meta page')),
  );

  it.each([0, 1, 40, 79])('of a file of %i bytes', (length) =>
    refused(sampleDatabase().subarray(0, length)).toMatchObject(damagedAt('neither meta page')),
  );

  it('with more pages than the file has', () =>
    refused(sampleDatabase().subarray(0, -1)).toMatchObject(damagedAt('page 7 of the database file is not there')));
});

describe('pages', () => {
  const elementAt = (page: number, element: number) => pageAt(page) + 16 + element * 16;
  it.each<[string, string, (bytes: Buffer) => void]>([
    ['another number', 'page 5 of the database file calls itself page 6', (bytes) => bytes.writeUInt8(6, pageAt(5))],
    ['no kind', 'page 5 of the database file is of no known kind (0x3)', (bytes) => bytes.writeUInt8(3, pageAt(5) + 8)],
    ['a wrong kind', 'page 5 of the database file is a freelist', (bytes) => bytes.writeUInt8(16, pageAt(5) + 8)],
    ['another count', 'page 5', (bytes) => bytes.writeUInt8(1, pageAt(5) + 10)],
    ['no elements', 'page 5 of the database file is a leaf without', (bytes) => bytes.writeUInt8(0, pageAt(5) + 10)],
    ['too many elements', 'page 5', (bytes) => bytes.writeUInt16LE(60_000, pageAt(5) + 10)],
    ['too much overflow', 'page 5 of the database file has 9 further', (bytes) => bytes.writeUInt8(9, pageAt(5) + 12)],
    [
      'overflow into another',
      'page 5 of the database file is in use twice',
      (bytes) => bytes.writeUInt8(1, pageAt(4) + 12),
    ],
    [
      'a child beyond the end',
      'page 8 of the database file is referred to',
      (bytes) => bytes.writeUInt8(8, elementAt(4, 1) + 8),
    ],
    ['a child far beyond it', 'is referred to', (bytes) => bytes.writeUInt8(1, elementAt(4, 1) + 15)],
    [
      'a meta page as child',
      'page 1 of the database file is referred to',
      (bytes) => bytes.writeUInt8(1, elementAt(4, 1) + 8),
    ],
    ['a child twice', 'page 5 of the database file', (bytes) => bytes.writeUInt8(5, elementAt(4, 1) + 8)],
    [
      'itself as child',
      'page 4 of the database file is in use twice',
      (bytes) => bytes.writeUInt8(4, elementAt(4, 0) + 8),
    ],
    [
      'a free child',
      'page 7 of the database file calls itself page 0',
      (bytes) => bytes.writeUInt8(7, elementAt(4, 1) + 8),
    ],
    ['a key elsewhere', 'page 5', (bytes) => bytes.writeUInt8(200, elementAt(5, 0) + 4)],
    ['an empty key', 'page 5 of the database file has a key of 0', (bytes) => bytes.writeUInt8(0, elementAt(5, 0) + 8)],
    ['a value too long', 'page 5', (bytes) => bytes.writeUInt8(255, elementAt(5, 1) + 14)],
    ['unknown flags', 'page 5 of the database file has an element', (bytes) => bytes.writeUInt8(2, elementAt(5, 0))],
    [
      'keys out of order',
      'page 5 of the database file has the key of element 1',
      (bytes) => bytes.write('a', ELEMENTS.secondKey),
    ],
    [
      'a key less than its branch',
      'page 5 of the database file begins',
      (bytes) => bytes.write('A', ELEMENTS.firstKey),
    ],
    ['a key of the page behind', 'page 5 of the database file ends', (bytes) => bytes.write('z', ELEMENTS.secondKey)],
    ['a bucket that ends early', 'page 2', (bytes) => bytes.writeUInt8(8, elementAt(2, 1) + 12)],
    [
      'an inline bucket that is a branch',
      'inline bucket on page 2',
      (bytes) => bytes.writeUInt8(1, ELEMENTS.inline + 8),
    ],
    [
      'an inline bucket with too much',
      'inline bucket on page 2',
      (bytes) => bytes.writeUInt8(99, ELEMENTS.inline + 10),
    ],
    ['an inline bucket with a bucket', 'inline bucket on page 2', (bytes) => bytes.writeUInt8(1, ELEMENTS.inline + 16)],
  ])('with %s', (_, place, spoil) => refused(spoiled(spoil)).toMatchObject(damagedAt(place)));
});

describe('the free pages', () => {
  const first = pageAt(PAGE.freelist) + 16;
  it.each<[string, string, (bytes: Buffer) => void]>([
    [
      'one missing',
      'page 7 of the database file is neither',
      (bytes) => bytes.writeUInt8(0, pageAt(PAGE.freelist) + 10),
    ],
    ['one in use', 'page 6 of the database file is in use and free', (bytes) => bytes.writeUInt8(6, first)],
    ['one that is none', 'page 3 of the database file lists page 99', (bytes) => bytes.writeUInt8(99, first)],
    ['a meta page', 'page 3 of the database file lists page 1', (bytes) => bytes.writeUInt8(1, first)],
    ['too many', 'page 3 of the database file lists 60000', (bytes) => bytes.writeUInt16LE(60_000, first - 6)],
    ['another kind', 'page 3 of the database file should list', (bytes) => bytes.writeUInt8(2, first - 8)],
    [
      'one twice',
      'page 7 of the database file is free twice',
      (bytes) => {
        bytes.writeUInt8(2, first - 6);
        bytes.writeUInt8(7, first + 8);
      },
    ],
  ])('with %s', (_, place, spoil) => refused(spoiled(spoil)).toMatchObject(damagedAt(place)));
});

it('ends with the reason of its signal', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(withFile(sampleDatabase(), (file) => checkPages({ file, signal }))).rejects.toThrow('enough');
});
