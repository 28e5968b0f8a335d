import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkTrailingHash, createTrailingHashCheck } from '../../src/etcd-file/trailing-hash.js';
import { fixture, withFile } from './fixture.js';

const snapshot = fixture('snapshot-3.7');
const database = snapshot.subarray(0, -32);
const sha256 = createHash('sha256').update(database).digest('hex');
const sizeBytes = snapshot.length;

function checkInChunks(bytes: Buffer, chunkBytes: number) {
  const check = createTrailingHashCheck();
  for (let at = 0; at < bytes.length; at += chunkBytes) check.update(bytes.subarray(at, at + chunkBytes));
  return check.result();
}

describe.each([7, 31, 32, 33, 32_768, 10_000_000])('in chunks of %i bytes', (chunkBytes) => {
  it('is right at the end of what etcd sent', () =>
    expect(checkInChunks(snapshot, chunkBytes)).toEqual({ verdict: 'right', sizeBytes, sha256 }));

  it('is absent from a database as a member has it', () =>
    expect(checkInChunks(database, chunkBytes)).toEqual({ verdict: 'absent', sizeBytes: sizeBytes - 32, sha256 }));
});

it.each([0, 1000, sizeBytes - 33, sizeBytes - 32, sizeBytes - 1])('is wrong with byte %i changed', (at) => {
  const changed = Buffer.from(snapshot);
  changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
  expect(checkInChunks(changed, 32_768).verdict).toBe('wrong');
});

it('is wrong with a sector missing, absent with any other number of bytes', () => {
  expect(checkInChunks(snapshot.subarray(0, -512), 32_768).verdict).toBe('wrong');
  expect(checkInChunks(snapshot.subarray(0, -1), 32_768).verdict).toBe('absent');
  expect(checkInChunks(Buffer.alloc(0), 32_768)).toMatchObject({ verdict: 'absent', sizeBytes: 0 });
});

it('is read from a file', async () => {
  expect(await withFile(snapshot, (file) => checkTrailingHash(file))).toEqual({ verdict: 'right', sizeBytes, sha256 });
});
