import { binomialCdf, binomialQuantile } from './binomial.js';
import { ascending, quantileOf } from './quantile.js';

/** The confidence of everything we claim. */
export const CONFIDENCE = 0.95;

/** Limits that hold with the probability `coverage`; infinite where the samples set none. */
export interface Interval {
  low: number;
  high: number;
  /** What the order statistics really give: they move in steps, so it is rarely 0.95 exactly. */
  coverage: number;
}

/**
 * Distribution-free confidence interval of a quantile: the number of samples below it is binomial, so two order
 * statistics enclose it with a known probability (H. A. David, Order Statistics, ch. 2). Equal tails, each at most
 * (1 − confidence)/2; an end is infinite where no order statistic reaches that.
 */
export function quantileInterval(sorted: readonly number[], q: number, confidence = CONFIDENCE): Interval {
  const n = sorted.length;
  const tail = (1 - confidence) / 2;
  const low = binomialQuantile(tail, n, q);
  const high = n + 1 - binomialQuantile(tail, n, 1 - q);
  return {
    low: sorted[low - 1] ?? Number.NEGATIVE_INFINITY,
    high: sorted[high - 1] ?? Number.POSITIVE_INFINITY,
    coverage: binomialCdf(high - 1, n, q) - binomialCdf(low - 1, n, q),
  };
}

/**
 * Interval of the median of few values: when none reaches the confidence, smallest to largest with what that covers
 * (5 rounds: 93.8 %). undefined below two values, which enclose nothing.
 */
export function medianInterval(values: Iterable<number>, confidence = CONFIDENCE): Interval | undefined {
  const sorted = ascending(values);
  const [low, high, n] = [sorted[0], sorted.at(-1), sorted.length];
  if (low === undefined || high === undefined || n < 2) return undefined;
  const widest = 1 - 2 * 0.5 ** n;
  return widest < confidence ? { low, high, coverage: widest } : quantileInterval(sorted, 0.5, confidence);
}

/**
 * Samples from which on the largest of them bounds a quantile from above: 1 − qⁿ ≥ confidence (S. S. Wilks, 1941).
 * p90: 29, p95: 59, p99: 299.
 */
export function samplesToBound(q: number, confidence = CONFIDENCE): number {
  return Math.ceil(Math.log(1 - confidence) / Math.log(q) - 1e-9);
}

export interface QuantileEstimate {
  q: number;
  samples: number;
  /** Nearest rank; undefined when the samples are too few to bound the quantile from above. */
  value: number | undefined;
  /** What it is at least, at this confidence (one-sided); −Infinity when the samples do not even tell that. */
  atLeast: number;
  /** What it is at most, at this confidence (one-sided); Infinity without `value`. */
  atMost: number;
  interval: Interval;
}

/** What may be said of a quantile. @param sorted Ascending */
export function estimateQuantile(sorted: readonly number[], q: number, confidence = CONFIDENCE): QuantileEstimate {
  const samples = sorted.length;
  const tail = 1 - confidence;
  return {
    q,
    samples,
    value: samples >= samplesToBound(q, confidence) ? quantileOf(sorted, q) : undefined,
    atLeast: sorted[binomialQuantile(tail, samples, q) - 1] ?? Number.NEGATIVE_INFINITY,
    atMost: sorted[samples - binomialQuantile(tail, samples, 1 - q)] ?? Number.POSITIVE_INFINITY,
    interval: quantileInterval(sorted, q, confidence),
  };
}
