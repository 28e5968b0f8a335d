import { crc32c } from './crc32c.js';

/*
 * A segment is a row of frames: length and CRC-32C of a content, four bytes each, big endian, and the content. A killed
 * process or a power cut leaves a last one that is not whole.
 */

const PREFIX_BYTES = 8;

export function frame(content: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(content.length, 0);
  prefix.writeUInt32BE(crc32c(content), 4);
  return Buffer.concat([prefix, content]);
}

/** The contents up to the first that is not whole, which share the memory of `bytes`. */
export function* framesIn(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at + PREFIX_BYTES <= bytes.length; ) {
    const end = at + PREFIX_BYTES + bytes.readUInt32BE(at);
    const content = bytes.subarray(at + PREFIX_BYTES, end);
    // A row of zeros, as some file systems leave at the end, is no frame.
    const isWhole = end <= bytes.length && content.length > 0 && crc32c(content) === bytes.readUInt32BE(at + 4);
    if (!isWhole) return;
    yield content;
    at = end;
  }
}
