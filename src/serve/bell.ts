import { onAbort } from '../abort.js';

/** Wakes those who wait when something has happened that they may want to look at. */
export interface Bell {
  ring(): void;
  /** Resolves when it was rung since anybody heard it last, or at that time at the latest. @throws the signal's reason */
  heard(signal: AbortSignal, untilMs?: number): Promise<void>;
}

/** @param monotonicMs The clock that `untilMs` is of */
export function createBell(monotonicMs: () => number): Bell {
  let isRung = false;
  const waiting = new Set<() => void>();
  return {
    ring() {
      isRung = waiting.size === 0;
      for (const wake of [...waiting]) wake();
    },
    heard(signal, untilMs) {
      return new Promise((resolve, reject) => {
        const ms = untilMs === undefined ? undefined : Math.max(0, untilMs - monotonicMs());
        const over = (end: () => void): void => {
          clearTimeout(timer);
          waiting.delete(wake);
          leave();
          end();
        };
        const wake = (): void => over(resolve);
        const timer = ms === undefined ? undefined : setTimeout(wake, ms);
        waiting.add(wake);
        let leave = (): void => {};
        leave = onAbort(signal, () => over(() => reject(signal.reason)));
        if (!isRung) return;
        isRung = false;
        wake();
      });
    },
  };
}
