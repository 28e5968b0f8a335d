import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { ascending, quantileOf } from '../stats/quantile.js';

export interface Lag {
  p50: number;
  p99: number;
  max: number;
}

const RESOLUTION_MS = 5;

/** How late the operator's own event loop is, over the whole run and round by round. */
export class LagMeter {
  readonly #run = started();
  #round = started();

  /** The lag since the last call. */
  takeRound(): Lag {
    const lag = lagOf(this.#round);
    this.#round.disable();
    this.#round = started();
    return lag;
  }

  end(): Lag {
    this.#round.disable();
    this.#run.disable();
    return lagOf(this.#run);
  }
}

function started(): IntervalHistogram {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return histogram;
}

/** The histogram counts whole intervals between its ticks: what is beyond one is lag. */
function lagOf(histogram: IntervalHistogram): Lag {
  const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  if (histogram.count === 0) return { p50: 0, p99: 0, max: 0 };
  return { p50: late(histogram.percentile(50)), p99: late(histogram.percentile(99)), max: late(histogram.max) };
}

export function slipOf(samples: readonly { intended: number; sent: number | null }[]): Lag {
  const late = ascending(
    samples.flatMap(({ intended, sent }) => (sent === null ? [] : [Math.max(0, sent - intended)])),
  );
  if (late.length === 0) return { p50: 0, p99: 0, max: 0 };
  return { p50: quantileOf(late, 0.5), p99: quantileOf(late, 0.99), max: quantileOf(late, 1) };
}
