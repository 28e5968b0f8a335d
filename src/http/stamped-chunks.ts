import type { IncomingMessage } from 'node:http';
import { onAbort } from '../abort.js';

/** Bytes with the moment their socket delivered them: monotonic nanoseconds, taken before any parsing. */
export interface StampedChunk {
  bytes: Buffer;
  receivedNs: bigint;
}

export interface StampedChunksOptions {
  response: IncomingMessage;
  signal?: AbortSignal | undefined;
  /** Turns what the socket says into an error of ours. */
  explain: (error: unknown) => unknown;
}

/**
 * The body as it arrives. Measurements stand on `receivedNs`, so a slow reader must not delay it: chunks are queued
 * here without limit instead of pausing the socket.
 */
export function stampedChunks(options: StampedChunksOptions): AsyncIterable<StampedChunk> {
  const { response, signal, explain } = options;
  const queue: StampedChunk[] = [];
  let outcome: { error?: unknown } | undefined;
  let wake = (): void => undefined;
  let socketNs = process.hrtime.bigint();

  // Before the HTTP parser's own listener, which emits the body synchronously.
  const stamp = (): void => {
    socketNs = process.hrtime.bigint();
  };
  const finish = (result: { error?: unknown }): void => {
    outcome ??= result;
    wake();
  };
  const cancel = (): void => {
    queue.length = 0;
    finish({ error: signal?.reason });
    response.destroy();
  };
  response.socket.prependListener('data', stamp);
  response.on('data', (bytes: Buffer) => {
    queue.push({ bytes, receivedNs: socketNs });
    wake();
  });
  response.once('end', () => finish({}));
  response.once('error', (error) => finish({ error: explain(error) }));
  response.once('close', () => finish({ error: explain(new Error('the answer was cut short')) }));
  const release = onAbort(signal, cancel);

  async function* drain(): AsyncGenerator<StampedChunk> {
    try {
      for (;;) {
        const chunk = queue.shift();
        if (chunk) yield chunk;
        else if (outcome === undefined)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        else if (outcome.error === undefined) return;
        else throw outcome.error;
      }
    } finally {
      release();
      response.socket.off('data', stamp);
      response.destroy();
    }
  }
  return drain();
}
