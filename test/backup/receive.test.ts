import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { receiveFile } from '../../src/backup/receive.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'k8s-diskless-receive-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const BODY = Buffer.alloc(4096, 'x');
const HASH = createHash('sha256').update(BODY).digest();
const WHOLE = Buffer.concat([BODY, HASH]);

async function* inParts(bytes: Buffer, size: number, end?: Error): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  if (end) throw end;
}
const receive = (chunks: AsyncIterable<Buffer>) => receiveFile(chunks, join(root, '1-1.db'));

it.each([1, 7, 32, 33, 4096, 9999])(
  'writes parts of %i bytes to a private file, and holds them to their hash',
  async (size) => {
    const { temporary, sha256, sizeBytes } = await receive(inParts(WHOLE, size));
    expect(readFileSync(temporary)).toEqual(WHOLE);
    expect(statSync(temporary).mode & 0o777).toBe(0o600);
    expect({ sha256, sizeBytes }).toEqual({ sha256: HASH.toString('hex'), sizeBytes: WHOLE.length });
  },
);

it('keeps nothing of what is damaged, short, or broke off', async () => {
  const damaged = Buffer.from(WHOLE);
  damaged[100] = 0;
  await expect(receive(inParts(damaged, 100))).rejects.toMatchObject({ code: 'snapshot-damaged' });
  for (const length of [0, 10, 32, 4096, 4127])
    await expect(receive(inParts(WHOLE.subarray(0, length), 100))).rejects.toMatchObject({ code: 'snapshot-damaged' });
  const cut = new Error('cut');
  await expect(receive(inParts(WHOLE, 100, cut))).rejects.toBe(cut);
  expect(readdirSync(root)).toEqual([]);
});

it('says which directory is full or gone', async () => {
  const gone = receiveFile(inParts(WHOLE, 100), join(root, 'gone', '1-1.db'));
  await expect(gone).rejects.toMatchObject({ code: 'state-not-usable', exit: 2 });
});
