import { realSleep, type Sleep } from '../../kube/backoff.js';
import type { RunClock } from './run-clock.js';

export interface OpenLoopOptions {
  clock: RunClock;
  count: number;
  perSecond: number;
  /** Not awaited before the next one: what answers late must not thin out the load. */
  act: (index: number, intended: number) => Promise<void>;
  signal: AbortSignal;
  sleep?: Sleep;
}

/** Where the timetable begins: late enough for its first entry to be on time. */
const LEAD_MS = 20;

/** Acts on an absolute timetable, and resolves when all acts have. @returns when each was meant to happen */
export async function openLoop(options: OpenLoopOptions): Promise<number[]> {
  const { clock, count, perSecond, act, signal, sleep = realSleep } = options;
  const start = clock.now() + LEAD_MS;
  const timetable = Array.from({ length: count }, (_, index) => start + (index * 1000) / perSecond);
  const acts: Promise<void>[] = [];
  try {
    for (const [index, intended] of timetable.entries()) {
      while (clock.now() < intended) await sleep(Math.max(1, Math.floor(intended - clock.now())), signal);
      signal.throwIfAborted();
      const acting = act(index, intended);
      // Its failure is everybody's, but only once it is waited for.
      acting.catch(() => undefined);
      acts.push(acting);
    }
    await Promise.all(acts);
    return timetable;
  } finally {
    await Promise.allSettled(acts);
  }
}
