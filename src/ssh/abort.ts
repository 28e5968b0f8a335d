import { DisklessError, EXIT } from '../errors.js';

/** Why a signal fired, as an error of ours; the abort's own reason is kept when it is one already. */
export function abortError(signal: AbortSignal): DisklessError {
  if (signal.reason instanceof DisklessError) return signal.reason;
  return new DisklessError({
    code: 'aborted',
    exit: EXIT.interrupted,
    message: 'stopped before it was done',
    cause: signal.reason,
  });
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}

/** Calls back when the signal fires, soon if it has fired already (never before this returns). Returns how to stop listening. */
export function onAbort(signal: AbortSignal | undefined, listener: (error: DisklessError) => void): () => void {
  if (!signal) return () => {};
  const handle = () => listener(abortError(signal));
  if (signal.aborted) {
    let listening = true;
    queueMicrotask(() => listening && handle());
    return () => {
      listening = false;
    };
  }
  signal.addEventListener('abort', handle, { once: true });
  return () => signal.removeEventListener('abort', handle);
}

export interface Deadline {
  signal: AbortSignal;
  /** Stops the timer and lets go of the outer signal. */
  dispose(): void;
}

export interface DeadlineOptions {
  signal?: AbortSignal | undefined;
  timeoutMs?: number | undefined;
  timeoutError: () => DisklessError;
}

/** One signal for the caller's abort and for a time limit (AbortSignal.any is missing before Node 20.3). */
export function withDeadline(options: DeadlineOptions): Deadline {
  const controller = new AbortController();
  const stopListening = onAbort(options.signal, (error) => controller.abort(error));
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => controller.abort(options.timeoutError()), options.timeoutMs);
  return {
    signal: controller.signal,
    dispose() {
      clearTimeout(timer);
      stopListening();
    },
  };
}

/** setTimeout as a promise that ends early, with the abort's error, when the signal fires. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      stopListening();
      resolve();
    }, milliseconds);
    const stopListening = onAbort(signal, (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
