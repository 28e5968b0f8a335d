import { describe, expect, test } from 'vitest';
import { ascending, medianOf, nearestRank, quantileOf } from '../../../src/bench/stats/quantile.js';

describe('nearest rank', () => {
  // Worked examples of the nearest-rank method in the literature, e.g. Wikipedia, "Percentile", examples 1 and 2.
  test.each([
    [[15, 20, 35, 40, 50], 0.05, 15],
    [[15, 20, 35, 40, 50], 0.3, 20],
    [[15, 20, 35, 40, 50], 0.4, 20],
    [[15, 20, 35, 40, 50], 0.5, 35],
    [[15, 20, 35, 40, 50], 1, 50],
    [[3, 6, 7, 8, 8, 10, 13, 15, 16, 20], 0.25, 7],
    [[3, 6, 7, 8, 8, 10, 13, 15, 16, 20], 0.5, 8],
    [[3, 6, 7, 8, 8, 10, 13, 15, 16, 20], 0.75, 15],
  ])('%j at %d is %d', (sorted, q, expected) => {
    expect(quantileOf(sorted, q)).toBe(expected);
  });

  test('binary fractions do not push a rank up', () => {
    expect(0.07 * 100).toBeGreaterThan(7);
    expect(nearestRank(100, 0.07)).toBe(7);
    expect(nearestRank(300, 0.99)).toBe(297);
  });

  test('what never ended sorts last and is a quantile like any other', () => {
    const sorted = ascending([3, Number.POSITIVE_INFINITY, 1, 2]);
    expect(quantileOf(sorted, 0.75)).toBe(3);
    expect(quantileOf(sorted, 0.76)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('median', () => {
  test.each([
    [[5], 5],
    [[4, 1], 2.5],
    [[9, 1, 5], 5],
    [[1, Number.POSITIVE_INFINITY], Number.POSITIVE_INFINITY],
    [[Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY], Number.POSITIVE_INFINITY],
  ])('%j: %d', (values, expected) => {
    expect(medianOf(values)).toBe(expected);
  });

  test('of nothing it is not a number', () => {
    expect(medianOf([])).toBeNaN();
  });
});
