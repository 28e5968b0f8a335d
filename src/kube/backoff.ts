import { setTimeout as timer } from 'node:timers/promises';

/** Waits; rejects with the signal's reason when that aborts. Injected where tests must not wait. */
export type Sleep = (ms: number, signal: AbortSignal | undefined) => Promise<void>;

export const realSleep: Sleep = async (ms, signal) => {
  try {
    await timer(ms, undefined, signal && { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
};

export interface BackoffOptions {
  firstMs: number;
  maxMs: number;
  factor: number;
}

/** Delay before the attempt after `failures` failed ones (1 and up). */
export function backoffMs(failures: number, { firstMs, maxMs, factor }: BackoffOptions): number {
  return Math.min(maxMs, firstMs * factor ** (failures - 1));
}
