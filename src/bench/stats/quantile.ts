/** Ascending; Infinity, a latency that never ended, comes last. */
export function ascending(values: Iterable<number>): number[] {
  return [...values].sort((a, b) => a - b || 0);
}

/**
 * 1-based rank of a quantile by the nearest-rank rule, ceil(q·n), as clusterloader2 and HdrHistogram count it. The
 * tolerance undoes binary fractions: 0.07 · 100 is 7.000000000000001.
 */
export function nearestRank(samples: number, q: number): number {
  return Math.min(samples, Math.max(1, Math.ceil(q * samples - 1e-9)));
}

/** The nearest-rank quantile, always a value that was measured. @param sorted Ascending, at least one. */
export function quantileOf(sorted: readonly number[], q: number): number {
  return sorted[nearestRank(sorted.length, q) - 1] ?? Number.NaN;
}

/** The middle value, of an even number the mean of both middle ones; NaN without values. */
export function medianOf(values: Iterable<number>): number {
  const sorted = ascending(values);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return lower === upper ? lower : (lower + upper) / 2;
}
