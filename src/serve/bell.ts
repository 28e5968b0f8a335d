import { onAbort } from '../abort.js';

/** Wakes the one who waits when something has happened that it may want to look at. */
export interface Bell {
  ring(): void;
  /** Resolves when it was rung since it was last heard, or at that time at the latest. @throws the signal's reason */
  heard(signal: AbortSignal, untilMs?: number): Promise<void>;
}

/** @param monotonicMs The clock that `untilMs` is of */
export function createBell(monotonicMs: () => number): Bell {
  let isRung = false;
  let wake = (): void => {};
  return {
    ring() {
      isRung = true;
      wake();
    },
    heard(signal, untilMs) {
      return new Promise((resolve, reject) => {
        const ms = untilMs === undefined ? undefined : Math.max(0, untilMs - monotonicMs());
        const timer = ms === undefined ? undefined : setTimeout(() => wake(), ms);
        const done = (): void => {
          clearTimeout(timer);
          wake = () => {};
          isRung = false;
        };
        wake = () => {
          done();
          leave();
          resolve();
        };
        const leave = onAbort(signal, () => {
          done();
          reject(signal.reason);
        });
        if (isRung && !signal.aborted) wake();
      });
    },
  };
}
