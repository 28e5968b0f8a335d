import { HttpStatusError } from './http-get.js';

export interface RetryOptions {
  /** Failures in a row, without any progress between them, after which the last one is thrown. */
  attempts: number;
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Uniform in [0, 1). */
  random: () => number;
  signal?: AbortSignal | undefined;
}

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 8_000;

/**
 * Runs `attempt` until it succeeds, fails for good, or has failed too often in a row; waits twice as long each time,
 * with full jitter, so that many operators behind one mirror do not come back together.
 *
 * @param attempt is given a function to call when it got further than ever: the count of failures starts anew.
 */
export async function retryTransient<T>(
  attempt: (progressed: () => void) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  let failures = 0;
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      return await attempt(() => {
        failures = 0;
      });
    } catch (error) {
      options.signal?.throwIfAborted();
      failures += 1;
      if (failures >= options.attempts || !isTransient(error)) throw error;
      const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
      await options.sleep(ceiling * options.random(), options.signal);
    }
  }
}

const TRANSIENT_CODES = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ETIMEDOUT',
]);

/** 206 and 416 answer a range that does not fit what we have, which is then thrown away. */
const TRANSIENT_STATUS = new Set([206, 408, 416, 425, 429]);

/** Whether the same request may succeed a moment later. */
export function isTransient(error: unknown): boolean {
  if (error instanceof HttpStatusError) return TRANSIENT_STATUS.has(error.status) || error.status >= 500;
  // Node tries all addresses of a name and reports the failures together.
  if (error instanceof AggregateError) return error.errors.some(isTransient);
  return TRANSIENT_CODES.has((error as NodeJS.ErrnoException | undefined)?.code ?? '');
}
