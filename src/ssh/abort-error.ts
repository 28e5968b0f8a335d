import { onAbort } from '../abort.js';
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

/** Calls back with the error of ours, soon if the signal has fired already (never before this returns). Returns how to stop listening. */
export function onAbortError(signal: AbortSignal | undefined, listener: (error: DisklessError) => void): () => void {
  if (!signal?.aborted) return onAbort(signal, () => signal && listener(abortError(signal)));
  let isListening = true;
  queueMicrotask(() => isListening && listener(abortError(signal)));
  return () => {
    isListening = false;
  };
}

/** setTimeout as a promise that ends early, with the abort's error, when the signal fires. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      stopListening();
      resolve();
    }, milliseconds);
    const stopListening = onAbortError(signal, (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
