import { setMaxListeners } from 'node:events';

/** Calls back once when the signal aborts, at once if it already has. The result takes the callback off again. */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal === undefined) return () => undefined;
  if (signal.aborted) {
    callback();
    return () => undefined;
  }
  // One signal serves a whole run: many listeners at a time are no leak here.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', callback, { once: true });
  return () => signal.removeEventListener('abort', callback);
}

/** The result of the work, or the signal's reason as soon as it aborts; the work itself is not stopped. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const release = onAbort(signal, () => reject(signal?.reason));
    work.then(resolve, reject).finally(release);
  });
}

export interface Deadline {
  signal: AbortSignal;
  /** Ends it early, for the work that shares the signal. */
  abort(reason?: unknown): void;
  /** Stops the clock and leaves the parent alone; to be called in any case. */
  release(): void;
}

export interface DeadlineOptions {
  /** Aborts with its parent, and with the parent's reason. */
  parent?: AbortSignal | undefined;
  ms?: number | undefined;
  /** Reason when time is up. */
  reason?: () => unknown;
}

/** A signal that aborts with its parent or when time is up. */
export function deadline({ parent, ms, reason }: DeadlineOptions): Deadline {
  const controller = new AbortController();
  const leave = onAbort(parent, () => controller.abort(parent?.reason));
  const timer = ms === undefined ? undefined : setTimeout(() => controller.abort(reason?.()), ms);
  return {
    signal: controller.signal,
    abort: (why) => controller.abort(why),
    release: () => {
      clearTimeout(timer);
      leave();
    },
  };
}
