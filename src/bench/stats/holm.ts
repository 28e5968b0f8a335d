/**
 * Holm's step-down correction (S. Holm, 1979): adjusted p-values, in the order given. Comparing each with α keeps the
 * chance of any false claim among all of them below α, whatever their dependence.
 */
export function holmAdjusted(pValues: readonly number[]): number[] {
  const ascending = pValues.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p);
  const adjusted = new Array<number>(pValues.length);
  let largest = 0;
  for (const [at, { p, index }] of ascending.entries()) {
    largest = Math.max(largest, Math.min(1, p * (pValues.length - at)));
    adjusted[index] = largest;
  }
  return adjusted;
}
