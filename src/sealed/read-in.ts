import { createReadStream } from 'node:fs';
import { notUsable } from './write-out.js';

const READ_BYTES = 256 * 1024;

/** A file in a stream. @throws usage error `out-not-usable`; the signal's reason */
export async function* readIn(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { signal, highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>;
  } catch (error) {
    signal.throwIfAborted();
    throw notUsable(path, error);
  }
}
