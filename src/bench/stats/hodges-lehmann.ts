import { CONFIDENCE, type Interval } from './interval.js';
import { mannWhitneyDistribution } from './mann-whitney.js';
import { ascending, medianOf } from './quantile.js';

/** How much b differs from a: `ratio` b/a, or `difference` b − a. */
export type EffectScale = 'ratio' | 'difference';

export interface Effect {
  estimate: number;
  /** Its coverage stays below the confidence asked for when the samples are too few: then it is smallest to largest. */
  interval: Interval;
}

/**
 * Hodges-Lehmann estimate of the shift between two samples, the median of all pairwise differences (of ratios: of their
 * logarithms), with the interval that inverts the exact Mann-Whitney test (Hollander, Wolfe and Chicken, Nonparametric
 * Statistical Methods, §4.2 and §4.3). With ties it covers at least as much as it says (G. E. Noether, 1967).
 */
export function hodgesLehmann(
  a: readonly number[],
  b: readonly number[],
  scale: EffectScale,
  confidence = CONFIDENCE,
): Effect {
  const onScale = (value: number): number => (scale === 'ratio' ? Math.log(value) : value);
  const back = (value: number): number => (scale === 'ratio' ? Math.exp(value) : value);
  const shifts = ascending(b.flatMap((y) => a.map((x) => difference(onScale(x), onScale(y)))));
  const distribution = mannWhitneyDistribution(a.length, b.length);
  const rank = Math.max(1, criticalRank(distribution, (1 - confidence) / 2));
  return {
    estimate: back(medianOf(shifts)),
    interval: {
      low: back(shifts[rank - 1] ?? Number.NEGATIVE_INFINITY),
      high: back(shifts[shifts.length - rank] ?? Number.POSITIVE_INFINITY),
      coverage: 1 - 2 * (distribution[rank - 1] ?? 0),
    },
  };
}

/** The largest r with P(U ≤ r − 1) ≤ tail; 0 when even U = 0 is likelier than that. */
function criticalRank(distribution: readonly number[], tail: number): number {
  const rank = distribution.findIndex((probability) => probability > tail);
  return Math.max(0, rank);
}

/** Two latencies that never ended do not differ, nor do two zeros. */
function difference(x: number, y: number): number {
  return x === y ? 0 : y - x;
}
