import { describe, expect, test } from 'vitest';
import { hodgesLehmann } from '../../../src/bench/stats/hodges-lehmann.js';
import { holmAdjusted } from '../../../src/bench/stats/holm.js';
import { coefficientOfVariation } from '../../../src/bench/stats/variation.js';

describe('Hodges-Lehmann', () => {
  test('published data', () => {
    // Hollander and Wolfe, Nonparametric Statistical Methods, permeability of the chorioamnion: estimate 0.305,
    // interval (−0.15, 0.76) at about 96 %.
    const term = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    const early = [1.15, 0.88, 0.9, 0.74, 1.21];
    const { estimate, interval } = hodgesLehmann(early, term, 'difference');
    expect(estimate).toBeCloseTo(0.305, 3);
    expect(interval.low).toBeCloseTo(-0.15, 10);
    expect(interval.high).toBeCloseTo(0.76, 10);
    expect(interval.coverage).toBeCloseTo(0.96, 2);
  });

  test('published data with ties', () => {
    // Blood pressure of the StatXact manual, used by R's exactRankTests: estimate 9.5.
    const treated = [94, 108, 110, 90];
    const control = [80, 94, 85, 90, 90, 90, 108, 94, 78, 105, 88];
    expect(hodgesLehmann(control, treated, 'difference').estimate).toBe(9.5);
  });

  test('ratios do not depend on the unit, and turn over with the samples', () => {
    const [a, b] = [
      [1, 2, 4, 5],
      [3, 6, 7, 9],
    ];
    const forth = hodgesLehmann(a, b, 'ratio');
    const scaled = hodgesLehmann(
      a.map((value) => value * 1000),
      b.map((value) => value * 1000),
      'ratio',
    );
    const back = hodgesLehmann(b, a, 'ratio');
    expect(scaled.estimate).toBeCloseTo(forth.estimate, 12);
    expect(back.estimate).toBeCloseTo(1 / forth.estimate, 12);
    expect(back.interval.low).toBeCloseTo(1 / forth.interval.high, 12);
  });

  test('3 rounds a side reach 90 % at the most, 4 reach 97.1 %', () => {
    expect(hodgesLehmann([1, 2, 3], [1, 2, 3], 'difference').interval).toMatchObject({ low: -2, high: 2 });
    expect(hodgesLehmann([1, 2, 3], [1, 2, 3], 'difference').interval.coverage).toBeCloseTo(0.9, 10);
    expect(hodgesLehmann([1, 2, 3, 4], [1, 2, 3, 4], 'ratio').interval.coverage).toBeCloseTo(1 - 2 / 70, 10);
  });

  test('latencies that never ended on both sides do not differ; on one side the shift has no limit', () => {
    const never = Number.POSITIVE_INFINITY;
    expect(hodgesLehmann([never, never], [never, never], 'ratio').estimate).toBe(1);
    expect(hodgesLehmann([1, 2, 3, 4, 5], [1, 2, never, never, never], 'ratio').interval.high).toBe(never);
  });

  test('zero on both sides is no ratio to worry about', () => {
    expect(hodgesLehmann([0, 0], [0, 0], 'ratio').estimate).toBe(1);
  });
});

describe('Holm', () => {
  test('the worked example of four hypotheses', () => {
    // At α = 0.05 the first and the last are rejected, the others are not (Wikipedia, "Holm–Bonferroni method").
    expect(holmAdjusted([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
  });

  test('never beyond 1, never out of order', () => {
    expect(holmAdjusted([0.9, 0.4])).toEqual([0.9, 0.8]);
    expect(holmAdjusted([0.02, 0.02, 0.02])).toEqual([0.06, 0.06, 0.06]);
    expect(holmAdjusted([])).toEqual([]);
  });
});

describe('coefficient of variation', () => {
  test('sample standard deviation over mean', () => {
    // NIST/SEMATECH e-Handbook: s of 2, 4, 4, 4, 5, 5, 7, 9 is √(32/7).
    expect(coefficientOfVariation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(Math.sqrt(32 / 7) / 5, 12);
  });

  test.each([[[]], [[3]], [[0, 0]], [[1, Number.POSITIVE_INFINITY]]])('of %j there is none', (values) => {
    expect(coefficientOfVariation(values)).toBeUndefined();
  });
});
