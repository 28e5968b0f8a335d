import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

/**
 * What etcd sends as a snapshot ends with the SHA-256 of everything before; a member's own file does not. Whether one is
 * there is told by the size, as etcd's tools tell it.
 */
export interface TrailingHash {
  verdict: 'right' | 'wrong' | 'absent';
  sizeBytes: number;
  /** Of the database alone, in hexadecimal: without the trailing hash, if there is one. */
  sha256: string;
}

export interface TrailingHashCheck {
  update(chunk: Uint8Array): void;
  /** Once, after the last byte. */
  result(): TrailingHash;
}

const HASH_BYTES = 32;
/** Divides the size of a page on every system. */
const SECTOR_BYTES = 512;
const READ_BYTES = 1024 * 1024;

/** For bytes as they come. */
export function createTrailingHashCheck(): TrailingHashCheck {
  const hash = createHash('sha256');
  // What may turn out to be the hash is kept back.
  let tail = Buffer.alloc(0);
  let sizeBytes = 0;
  return {
    update(chunk) {
      sizeBytes += chunk.length;
      if (chunk.length >= HASH_BYTES) {
        hash.update(tail);
        hash.update(chunk.subarray(0, chunk.length - HASH_BYTES));
        tail = Buffer.from(chunk.subarray(chunk.length - HASH_BYTES));
        return;
      }
      const both = Buffer.concat([tail, chunk]);
      const kept = Math.max(0, both.length - HASH_BYTES);
      hash.update(both.subarray(0, kept));
      tail = both.subarray(kept);
    },
    result() {
      const present = sizeBytes % SECTOR_BYTES === HASH_BYTES;
      if (!present) hash.update(tail);
      const digest = hash.digest();
      const verdict = !present ? 'absent' : digest.equals(tail) ? 'right' : 'wrong';
      return { verdict, sizeBytes, sha256: digest.toString('hex') };
    },
  };
}

/** For a file from its beginning to its end. */
export async function checkTrailingHash(file: FileHandle, signal?: AbortSignal): Promise<TrailingHash> {
  const check = createTrailingHashCheck();
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  for (let position = 0; ; ) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return check.result();
    check.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
}
