import { setImmediate } from 'node:timers/promises';

/** Pages in between, some milliseconds of work. */
const PAGES = 256;

/** To be awaited once for each page: throws the signal's reason, and now and then lets others have the thread. */
export function createBreather(signal: AbortSignal | undefined): () => Promise<void> | undefined {
  let pages = 0;
  return () => {
    signal?.throwIfAborted();
    pages += 1;
    return pages % PAGES === 0 ? setImmediate() : undefined;
  };
}
