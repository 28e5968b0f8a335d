import { describe, expect, test } from 'vitest';
import { mannWhitney, mannWhitneyDistribution } from '../../../src/bench/stats/mann-whitney.js';

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('distribution of U', () => {
  // Mann and Whitney, Ann. Math. Statist. 18 (1947) 50-60, Table I: P(U ≤ u) to three decimals.
  test.each([
    [3, 3, [0.05, 0.1, 0.2, 0.35, 0.5]],
    [4, 4, [0.014, 0.029, 0.057, 0.1, 0.171, 0.243, 0.343, 0.443, 0.557]],
    [5, 5, [0.004, 0.008, 0.016, 0.028, 0.048, 0.075, 0.111, 0.155, 0.21, 0.274, 0.345, 0.421, 0.5]],
  ])('m = %d, n = %d', (m, n, table) => {
    const distribution = mannWhitneyDistribution(m, n);
    for (const [u, probability] of table.entries()) expect(distribution[u]).toBeCloseTo(probability, 3);
    expect(distribution.at(-1)).toBe(1);
  });

  // Critical values, two-sided (Siegel, Nonparametric Statistics, 1956, Table K; Milton, 1964): the largest U with
  // 2·P(U ≤ u) ≤ α.
  test.each([
    [0.05, 4, 4, 0],
    [0.05, 5, 5, 2],
    [0.05, 5, 8, 6],
    [0.05, 5, 20, 20],
    [0.05, 6, 6, 5],
    [0.05, 7, 7, 8],
    [0.05, 8, 8, 13],
    [0.05, 9, 9, 17],
    [0.05, 10, 10, 23],
    [0.05, 13, 16, 59],
    [0.05, 20, 20, 127],
    [0.01, 5, 5, 0],
    [0.01, 6, 6, 2],
    [0.01, 7, 7, 4],
    [0.01, 8, 8, 7],
    [0.01, 10, 10, 16],
    [0.01, 20, 20, 105],
  ])('α = %d, m = %d, n = %d: critical U is %d', (alpha, m, n, critical) => {
    const distribution = mannWhitneyDistribution(m, n);
    expect(2 * (distribution[critical] ?? 1)).toBeLessThanOrEqual(alpha);
    expect(2 * (distribution[critical + 1] ?? 0)).toBeGreaterThan(alpha);
  });
});

describe('the test', () => {
  test('published data without ties', () => {
    // Hollander and Wolfe, Nonparametric Statistical Methods, permeability of the chorioamnion: W = 35, one-sided 0.1272.
    const term = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    const early = [1.15, 0.88, 0.9, 0.74, 1.21];
    const { u, p } = mannWhitney(early, term);
    expect(u).toBe(35);
    expect(p).toBeCloseTo(2 * 0.1272, 4);
  });

  test('published data with ties', () => {
    // Blood pressure of the StatXact manual, used by R's exactRankTests: exact two-sided p = 0.0989.
    const treated = [94, 108, 110, 90];
    const control = [80, 94, 85, 90, 90, 90, 108, 94, 78, 105, 88];
    expect(mannWhitney(control, treated).p).toBeCloseTo(0.0989, 4);
    expect(mannWhitney(treated, control).p).toBeCloseTo(0.0989, 4);
  });

  test.each([
    [3, 2 / 20],
    [4, 2 / 70],
    [5, 2 / 252],
    [6, 2 / 924],
  ])('%d rounds a side reach no p below %d', (n, p) => {
    expect(mannWhitney(range(1, n), range(n + 1, 2 * n))).toMatchObject({ p, smallestP: p, delta: 1, u: n * n });
    expect(mannWhitney(range(n + 1, 2 * n), range(1, n))).toMatchObject({ p, smallestP: p, delta: -1, u: 0 });
  });

  test('ties make the smallest attainable p larger, and equal samples say nothing at all', () => {
    expect(mannWhitney([1, 1, 1, 1, 1], [1, 1, 1, 1, 2]).smallestP).toBe(1);
    expect(mannWhitney([1, 1, 1, 2, 2], [2, 2, 2, 2, 2]).smallestP).toBeCloseTo(42 / 252, 10);
    expect(mannWhitney([4, 4, 4, 4], [4, 4, 4, 4])).toMatchObject({ p: 1, smallestP: 1, delta: 0 });
  });

  test('latencies that never ended are tied, and larger than any other', () => {
    const never = Number.POSITIVE_INFINITY;
    expect(mannWhitney([1, 2, never], [3, never, never])).toEqual(mannWhitney([1, 2, 9], [3, 9, 9]));
  });

  test('equals the enumeration of every permutation', () => {
    const samples: [number[], number[]][] = [
      [
        [1, 2, 2, 5],
        [2, 3, 5, 5, 7],
      ],
      [
        [3, 3, 3],
        [1, 3, 4, 4],
      ],
      [
        [0.1, 9],
        [4, 4, 4, 8],
      ],
    ];
    for (const [a, b] of samples) expect(mannWhitney(a, b).p).toBeCloseTo(enumerated(a, b), 12);
  });
});

/** The same p from the definition: U of every way to split the pooled values. */
function enumerated(a: readonly number[], b: readonly number[]): number {
  const pooled = [...a, ...b];
  const mean = (a.length * b.length) / 2;
  const distance = (split: readonly number[]): number => {
    const others = pooled.filter((_, index) => !split.includes(index));
    const pairs = split.flatMap((y) => others.map((x) => Math.sign((pooled[y] ?? 0) - x)));
    return Math.abs(pairs.reduce((sum, sign) => sum + (sign + 1) / 2, 0) - mean);
  };
  const observed = distance(range(a.length, pooled.length - 1));
  const all = subsets(range(0, pooled.length - 1), b.length).map(distance);
  return all.filter((each) => each >= observed - 1e-9).length / all.length;
}

function subsets(items: readonly number[], size: number): number[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, index) => subsets(items.slice(index + 1), size - 1).map((rest) => [item, ...rest]));
}
