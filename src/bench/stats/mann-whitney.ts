/** The exact two-sided Mann-Whitney U test of two samples. */
export interface MannWhitney {
  /** Pairs in which b is larger, ties counted half. */
  u: number;
  /** Probability of a U at least as far from its mean, were both samples drawn from one population. */
  p: number;
  /** The smallest p that samples of these sizes with these ties can reach at all. */
  smallestP: number;
  /** Cliff's delta: 1 when every b is larger than every a, −1 when smaller, 0 when neither tends to be. */
  delta: number;
}

/**
 * Assumes nothing of the distributions, and ties are exact: p comes from the permutation distribution of the midranks
 * themselves, counted by dynamic programming (the shift algorithm of Streitberg and Röhmel, 1986). Doubled midranks
 * are whole numbers, so nothing is rounded.
 */
export function mannWhitney(a: readonly number[], b: readonly number[]): MannWhitney {
  const ranks = doubledMidranks([...a, ...b]);
  const rankSum = ranks.slice(a.length).reduce((sum, rank) => sum + rank, 0);
  const mean = b.length * (ranks.length + 1);
  const sums = subsetSums(ranks, b.length);
  const u = (rankSum - b.length * (b.length + 1)) / 2;
  const largest = Math.max(...[...sums.keys()].map((sum) => Math.abs(sum - mean)));
  return {
    u,
    p: shareBeyond(sums, mean, Math.abs(rankSum - mean)),
    smallestP: shareBeyond(sums, mean, largest),
    delta: (2 * u) / (a.length * b.length) - 1,
  };
}

/** P(U ≤ 0), P(U ≤ 1), … of samples of m and n values without ties. */
export function mannWhitneyDistribution(m: number, n: number): number[] {
  const ranks = Array.from({ length: m + n }, (_, index) => 2 * (index + 1));
  const sums = subsetSums(ranks, n);
  const total = [...sums.values()].reduce((sum, ways) => sum + ways, 0);
  let below = 0;
  return Array.from({ length: m * n + 1 }, (_, u) => {
    below += sums.get(2 * u + n * (n + 1)) ?? 0;
    return below / total;
  });
}

/** Twice the rank of each value, equal values sharing the mean of their ranks. */
function doubledMidranks(values: readonly number[]): number[] {
  return values.map((value) => {
    const smaller = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return 2 * smaller + equal + 1;
  });
}

/** How many subsets of `size` ranks have which sum. */
function subsetSums(ranks: readonly number[], size: number): Map<number, number> {
  const bySize = Array.from({ length: size + 1 }, () => new Map<number, number>());
  bySize[0]?.set(0, 1);
  for (const rank of ranks) {
    // Downwards, so that no rank is taken twice.
    for (let taken = size; taken > 0; taken--) {
      for (const [sum, ways] of bySize[taken - 1] ?? []) add(bySize[taken], sum + rank, ways);
    }
  }
  return bySize[size] ?? new Map();
}

function add(counts: Map<number, number> | undefined, key: number, amount: number): void {
  counts?.set(key, (counts.get(key) ?? 0) + amount);
}

function shareBeyond(sums: ReadonlyMap<number, number>, mean: number, distance: number): number {
  let beyond = 0;
  let total = 0;
  for (const [sum, ways] of sums) {
    total += ways;
    if (Math.abs(sum - mean) >= distance) beyond += ways;
  }
  return beyond / total;
}
