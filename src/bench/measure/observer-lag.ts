import { ascending, quantileOf } from '../stats/quantile.js';

export interface Lag {
  p50: number;
  p99: number;
  max: number;
}

const RESOLUTION_MS = 5;
const NONE: Lag = { p50: 0, p99: 0, max: 0 };

/** How late the operator's own event loop is while something is timed, over the whole run and round by round. */
export class LagMeter {
  readonly #run = new Stalls();
  #round = new Stalls();

  /** Only what happens meanwhile counts: hours of idle waiting would hide any stall. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      for (const stalls of [this.#run, this.#round]) stalls.add(now - last - RESOLUTION_MS, now - last);
      last = now;
    }, RESOLUTION_MS);
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  }

  /** The lag since the last call. */
  takeRound(): Lag {
    const lag = this.#round.lag();
    this.#round = new Stalls();
    return lag;
  }

  whole(): Lag {
    return this.#run.lag();
  }
}

/**
 * Times in which the event loop was not free. An event that comes at any moment, rather than when a timer happens to
 * tick, waits for the rest of the stall it falls into: one second of standing still is a second of late events, though
 * it is a single late tick.
 */
export class Stalls {
  #stalls: number[] = [];
  #passedMs = 0;

  /** @param lateMs 0 or less: the loop was free @param passedMs Since the last one was added */
  add(lateMs: number, passedMs: number): void {
    this.#passedMs += passedMs;
    if (lateMs > 0) this.#stalls.push(lateMs);
  }

  lag(): Lag {
    if (this.#passedMs === 0) return NONE;
    const longestFirst = this.#stalls.toSorted((a, b) => b - a);
    const quantile = (q: number): number => waitExceededFor(longestFirst, (1 - q) * this.#passedMs);
    return { p50: quantile(0.5), p99: quantile(0.99), max: longestFirst[0] ?? 0 };
  }
}

/** The wait w for which Σ max(0, stall − w), the time whose events wait longer than w, is this long. */
function waitExceededFor(longestFirst: readonly number[], timeMs: number): number {
  let sum = 0;
  for (const [index, stall] of longestFirst.entries()) {
    sum += stall;
    const wait = (sum - timeMs) / (index + 1);
    if (wait >= (longestFirst[index + 1] ?? 0)) return Math.max(0, wait);
  }
  return 0;
}

export function slipOf(samples: readonly { intended: number; sent: number | null }[]): Lag {
  const late = ascending(
    samples.flatMap(({ intended, sent }) => (sent === null ? [] : [Math.max(0, sent - intended)])),
  );
  if (late.length === 0) return NONE;
  return { p50: quantileOf(late, 0.5), p99: quantileOf(late, 0.99), max: quantileOf(late, 1) };
}
