import { describe, expect, test } from 'vitest';
import { binomialCdf, binomialQuantile } from '../../../src/bench/stats/binomial.js';
import {
  estimateQuantile,
  medianInterval,
  quantileInterval,
  samplesToBound,
} from '../../../src/bench/stats/interval.js';

const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);

describe('binomial distribution', () => {
  // Tables of the cumulative binomial distribution, e.g. Conover, Practical Nonparametric Statistics, Table A3.
  test.each([
    [1, 5, 0.5, 0.1875],
    [2, 10, 0.3, 0.3828],
    [5, 10, 0.5, 0.623],
    [6, 20, 0.5, 0.0577],
    [17, 20, 0.9, 0.3231],
    [9, 10, 0.95, 0.4013],
  ])('P(B ≤ %d), n = %d, p = %d', (k, n, p, expected) => {
    expect(binomialCdf(k, n, p)).toBeCloseTo(expected, 4);
  });

  test('ends, and sizes at which factorials overflow', () => {
    expect([binomialCdf(-1, 5, 0.5), binomialCdf(5, 5, 0.5), binomialCdf(7, 5, 0.5)]).toEqual([0, 1, 1]);
    expect(binomialCdf(4999, 9999, 0.5)).toBeCloseTo(0.5, 10);
    expect(binomialQuantile(0.499, 9999, 0.5)).toBe(4999);
  });
});

describe('interval of the median', () => {
  // Confidence intervals for the median by order statistics, as tabulated for the sign test (K. R. Nair, 1940; Conover,
  // Table A3 at p = 0.5): the ranks of the shortest symmetric interval of at least 95 %, and what it covers.
  test.each([
    [6, 1, 6, 0.969],
    [7, 1, 7, 0.984],
    [8, 1, 8, 0.992],
    [9, 2, 8, 0.961],
    [10, 2, 9, 0.979],
    [11, 2, 10, 0.988],
    [12, 3, 10, 0.961],
    [13, 3, 11, 0.978],
    [14, 3, 12, 0.987],
    [15, 4, 12, 0.965],
    [16, 4, 13, 0.979],
    [17, 5, 13, 0.951],
    [18, 5, 14, 0.969],
    [19, 5, 15, 0.981],
    [20, 6, 15, 0.959],
  ])('of %d values: from the %dth to the %dth, %d', (n, low, high, coverage) => {
    const interval = medianInterval(upTo(n).reverse());
    expect(interval).toMatchObject({ low, high });
    expect(interval?.coverage).toBeCloseTo(coverage, 3);
  });

  test.each([
    [2, 0.5],
    [3, 0.75],
    [4, 0.875],
    [5, 0.9375],
  ])('of %d values no interval reaches 95 %%: smallest to largest covers %d', (n, coverage) => {
    expect(medianInterval(upTo(n))).toEqual({ low: 1, high: n, coverage });
  });

  test('one value encloses nothing', () => {
    expect(medianInterval([7])).toBeUndefined();
    expect(medianInterval([])).toBeUndefined();
  });
});

describe('quantiles and how many samples they need', () => {
  // Wilks, Ann. Math. Statist. 12 (1941) 91-96: sample sizes of one-sided tolerance limits at 95 % confidence.
  test.each([
    [0.5, 5],
    [0.9, 29],
    [0.95, 59],
    [0.99, 299],
  ])('the largest sample bounds quantile %d from %d samples on', (q, samples) => {
    expect(samplesToBound(q)).toBe(samples);
    expect(estimateQuantile(upTo(samples), q).value).toBeDefined();
    expect(estimateQuantile(upTo(samples - 1), q).value).toBeUndefined();
  });

  test('p99 of 300 samples is the 297th; two-sided at 95 % nothing bounds it from above', () => {
    const { value, interval } = estimateQuantile(upTo(300), 0.99);
    expect(value).toBe(297);
    expect(interval).toMatchObject({ low: 293, high: Number.POSITIVE_INFINITY });
    expect(quantileInterval(upTo(367), 0.99).high).toBe(Number.POSITIVE_INFINITY);
    expect(quantileInterval(upTo(368), 0.99).high).toBe(368);
  });

  test('of 60 samples p99 is at least the 58th: P(B ≤ 57) = 0.022, P(B ≤ 58) = 0.121', () => {
    expect(estimateQuantile(upTo(60), 0.99)).toMatchObject({ value: undefined, atLeast: 58 });
    expect(binomialCdf(57, 60, 0.99)).toBeCloseTo(0.022, 3);
    expect(binomialCdf(58, 60, 0.99)).toBeCloseTo(0.121, 3);
  });

  test('too few samples tell nothing of a median', () => {
    expect(estimateQuantile([1, 2], 0.5)).toMatchObject({ value: undefined, atLeast: Number.NEGATIVE_INFINITY });
  });

  test('equal tails: neither holds more than its half', () => {
    for (const n of [10, 37, 60, 300]) {
      for (const q of [0.5, 0.9, 0.95]) {
        const { low, high, coverage } = quantileInterval(upTo(n), q);
        expect(coverage).toBeGreaterThanOrEqual(0.95);
        if (Number.isFinite(low)) expect(binomialCdf(low - 1, n, q)).toBeLessThanOrEqual(0.025);
        if (Number.isFinite(high)) expect(1 - binomialCdf(high - 1, n, q)).toBeLessThanOrEqual(0.025);
      }
    }
  });
});
