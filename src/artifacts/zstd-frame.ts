const MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** The largest block any decoder must accept (RFC 8878, 3.1.1.2.4). */
const MAX_BLOCK = 128 * 1024;
/** Frame header descriptor: single segment, frame content size in four bytes, no checksum, no dictionary. */
const DESCRIPTOR = 0b1010_0000;

/**
 * `data` as one zstd frame of uncompressed blocks (RFC 8878): what a Node without zstd in its zlib can write by itself,
 * for small files that are not worth a process of their own.
 */
export function storedZstdFrame(data: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(DESCRIPTOR, 0);
  head.writeUInt32LE(data.length, 1);
  const parts: Buffer[] = [MAGIC, head];
  let offset = 0;
  do {
    const block = data.subarray(offset, offset + MAX_BLOCK);
    offset += block.length;
    parts.push(blockHeader(block.length, offset === data.length), block);
  } while (offset < data.length);
  return Buffer.concat(parts);
}

/** Bit 0: last block; bits 1-2: type 0, raw; the rest: size. */
function blockHeader(size: number, last: boolean): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((size << 3) | (last ? 1 : 0), 0, 3);
  return header;
}
