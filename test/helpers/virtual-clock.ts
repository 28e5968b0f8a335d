import type { Clock } from '../../src/reconcile/context.js';

/** Time that passes as fast as it is slept. */
export interface VirtualClock extends Clock {
  /** How long was slept in all. */
  waitedMs(): number;
}

export function virtualClock(): VirtualClock {
  let nowMs = 0;
  return {
    now: () => nowMs,
    monotonicMs: () => nowMs,
    waitedMs: () => nowMs,
    async sleep(ms, signal) {
      signal.throwIfAborted();
      nowMs += ms;
    },
  };
}
