/** Sum and count of a histogram in Prometheus' text format, all its series added up; undefined when it is not there. */
export function histogramTotals(text: string, name: string): { count: number; sumSeconds: number } | undefined {
  const total = (suffix: string): number | undefined => {
    const values = [...text.matchAll(new RegExp(`^${name}_${suffix}(?:\\{[^}]*\\})? (\\S+)`, 'gm'))];
    return values.length === 0 ? undefined : values.reduce((sum, [, value]) => sum + Number(value), 0);
  };
  const [count, sumSeconds] = [total('count'), total('sum')];
  return count === undefined || sumSeconds === undefined ? undefined : { count, sumSeconds };
}

/** How much a histogram grew; a restart in between counts from zero. */
export function growthOf(
  before: { count: number; sumSeconds: number },
  after: { count: number; sumSeconds: number },
): { count: number; sumSeconds: number } {
  if (after.count < before.count) return after;
  return { count: after.count - before.count, sumSeconds: Math.max(0, after.sumSeconds - before.sumSeconds) };
}
