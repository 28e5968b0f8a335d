import type { StampedChunk } from '../http/stamped-chunks.js';

export interface StampedLine {
  text: string;
  /** When the chunk that completed the line arrived. */
  receivedNs: bigint;
}

const NEWLINE = 0x0a;

/**
 * Cuts a byte stream into lines. Works on bytes, since a chunk may end in the middle of a UTF-8 sequence while the
 * newline byte never occurs inside one. A last line without newline is incomplete and dropped.
 */
export async function* jsonLines(chunks: AsyncIterable<StampedChunk>): AsyncGenerator<StampedLine> {
  let pending: Buffer[] = [];
  for await (const { bytes, receivedNs } of chunks) {
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      const line = Buffer.concat([...pending, bytes.subarray(start, end)]);
      pending = [];
      start = end + 1;
      if (line.length > 0) yield { text: line.toString('utf8'), receivedNs };
    }
    if (start < bytes.length) pending.push(bytes.subarray(start));
  }
}
