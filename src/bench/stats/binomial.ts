/** Sums of a binomial distribution's terms P(B ≤ 0), P(B ≤ 1), …; by their recurrence in logarithms, so that no n of ours overflows. */
function* cumulative(n: number, p: number): Generator<number> {
  const odds = Math.log(p / (1 - p));
  let term = n * Math.log1p(-p);
  let sum = 0;
  for (let k = 0; k < n; k++) {
    sum += Math.exp(term);
    yield Math.min(1, sum);
    term += odds + Math.log((n - k) / (k + 1));
  }
  yield 1;
}

/** P(B ≤ k) of B ~ Bin(n, p), 0 < p < 1. */
export function binomialCdf(k: number, n: number, p: number): number {
  let at = 0;
  for (const sum of cumulative(n, p)) {
    if (at > k) break;
    if (at === k) return sum;
    at += 1;
  }
  return k < 0 ? 0 : 1;
}

/** The smallest k with P(B ≤ k) > probability. */
export function binomialQuantile(probability: number, n: number, p: number): number {
  let k = 0;
  for (const sum of cumulative(n, p)) {
    if (sum > probability) break;
    k += 1;
  }
  return Math.min(k, n);
}
