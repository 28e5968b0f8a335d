import { crc32c } from './crc32c.js';

/*
 * A segment is a row of frames: length and CRC-32C of a content, four bytes each, big endian, and the content. A killed
 * process or a power cut leaves a last one that is not whole.
 */

const PREFIX_BYTES = 8;
/** What disks write at once: in a file that a power cut left too long, zeros begin at one of these. */
const SECTOR_BYTES = 512;

export function frame(content: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(content.length, 0);
  prefix.writeUInt32BE(crc32c(content), 4);
  return Buffer.concat([prefix, content]);
}

export const frameBytes = (content: Buffer): number => PREFIX_BYTES + content.length;

/** The contents up to the first that is not whole, which share the memory of `bytes`. */
export function* framesIn(bytes: Buffer): Generator<Buffer, undefined> {
  let at = 0;
  for (;;) {
    const content = contentAt(bytes, at);
    if (content === undefined || !isWhole(bytes, at, content)) return;
    yield content;
    at += frameBytes(content);
  }
}

/**
 * Whether a frame that is not whole may be what a kill or a power cut left: it would go on behind the end, or zeros are in
 * its place to the end. What has another checksum than its content was damaged later.
 */
export function isTorn(bytes: Buffer, at: number): boolean {
  const content = contentAt(bytes, at);
  if (content === undefined) return true;
  let zeros = bytes.length;
  while (zeros > at && bytes[zeros - 1] === 0) zeros -= 1;
  if (zeros === at) return true;
  const reachesInto = zeros <= at + PREFIX_BYTES + content.length;
  return reachesInto && Math.ceil(zeros / SECTOR_BYTES) * SECTOR_BYTES < bytes.length;
}

/** Those that lie anywhere behind one that is not whole, and begin as `isLikely` says: checksums take long. */
export function* framesBehind(bytes: Buffer, from: number, isLikely: (content: Buffer) => boolean): Generator<Buffer> {
  for (let at = from + 1; at < bytes.length; ) {
    const content = contentAt(bytes, at);
    if (content && isLikely(content) && isWhole(bytes, at, content)) {
      yield content;
      at += frameBytes(content);
    } else at += 1;
  }
}

/** Undefined where it would go on behind the end. */
function contentAt(bytes: Buffer, at: number): Buffer | undefined {
  const start = at + PREFIX_BYTES;
  if (start > bytes.length) return undefined;
  const end = start + bytes.readUInt32BE(at);
  return end > bytes.length ? undefined : bytes.subarray(start, end);
}

/** A row of zeros, as some file systems leave at the end, is no frame. */
const isWhole = (bytes: Buffer, at: number, content: Buffer): boolean =>
  content.length > 0 && crc32c(content) === bytes.readUInt32BE(at + 4);
