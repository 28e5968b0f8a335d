import { createReadStream } from 'node:fs';
import { notUsable } from './write-out.js';

const READ_BYTES = 256 * 1024;

/** A file in a stream, of one that grows only what it had: `sizeBytes`. @throws usage error `out-not-usable`; the signal's reason */
export async function* readIn(
  path: string,
  signal: AbortSignal,
  sizeBytes = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  if (sizeBytes === 0) return;
  try {
    yield* createReadStream(path, { signal, highWaterMark: READ_BYTES, end: sizeBytes - 1 }) as AsyncIterable<Buffer>;
  } catch (error) {
    signal.throwIfAborted();
    throw notUsable(path, error);
  }
}
