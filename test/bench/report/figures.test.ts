import { describe, expect, test } from 'vitest';
import {
  changeText,
  digits,
  intervalText,
  latencyText,
  metricText,
  quantileText,
  rateText,
  spanText,
  timeText,
} from '../../../src/bench/report/figures.js';
import { estimateQuantile } from '../../../src/bench/stats/interval.js';

const NEVER = Number.POSITIVE_INFINITY;
const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);

test.each([
  [0, '0'],
  [0.0001, '0.000'],
  [0.0123, '0.012'],
  [0.123, '0.12'],
  [1.234, '1.23'],
  [9.994, '9.99'],
  [9.996, '10.0'],
  [12.34, '12.3'],
  [99.96, '100'],
  [1234.5, '1235'],
  [-2.345, '-2.35'],
])('digits of %d: %s', (value, text) => {
  expect(digits(value)).toBe(text);
});

test.each([
  [0, '0 ms'],
  [0.0285, '28.5 µs'],
  [0.9999, '1.00 ms'],
  [7.15, '7.15 ms'],
  [886, '886 ms'],
  [999.6, '1.00 s'],
  [61_500, '61.5 s'],
  [NEVER, 'never'],
])('latency %d ms: %s', (ms, text) => {
  expect(latencyText(ms)).toBe(text);
});

test.each([
  [0, '0 Mbit/s'],
  [941e6, '941 Mbit/s'],
  [999.6e6, '1.00 Gbit/s'],
  [9.363e9, '9.36 Gbit/s'],
  [29.1e9, '29.1 Gbit/s'],
])('rate %d: %s', (rate, text) => {
  expect(rateText(rate)).toBe(text);
});

test('other units', () => {
  expect([metricText(0.9736, 'share'), metricText(18.66, 'pods/s'), metricText(Number.NaN, 'ms')]).toEqual([
    '97.4 %',
    '18.7 pods/s',
    '–',
  ]);
});

describe('quantiles', () => {
  test.each([
    ['enough samples', upTo(300), '297 ms'],
    ['too few to bound it', upTo(60), '≥ 58.0 ms'],
    ['so few that nothing is known', [], '–'],
    ['most never came', [...upTo(10), ...new Array<number>(50).fill(NEVER)], 'never'],
  ])('p99 of %s', (_name, sorted, text) => {
    expect(quantileText(estimateQuantile(sorted, 0.99))).toBe(text);
  });
});

describe('intervals', () => {
  const between = (low: number, high: number) => ({ low, high, coverage: 0.95 });
  test.each([
    [between(950, 990), '950 to 990 ms'],
    [between(950, 1200), '950 ms to 1.20 s'],
    [between(950, NEVER), '950 ms to never'],
    [between(NEVER, NEVER), 'never'],
    [undefined, '–'],
  ])('%j', (interval, text) => {
    expect(intervalText(interval, 'ms')).toBe(text);
  });
});

describe('changes', () => {
  const effect = (estimate: number, low: number, high: number) => ({
    estimate,
    interval: { low, high, coverage: 0.97 },
  });
  test.each([
    [effect(1.034, 0.982, 1.059), 'ratio', '+3.4 % (−1.8 to +5.9 %)'],
    [effect(1, 0.9999, 1.0001), 'ratio', '±0.0 % (±0.0 to ±0.0 %)'],
    [effect(NEVER, 2, NEVER), 'ratio', '+∞ % (+100 to +∞ %)'],
    [effect(0.012, -0.001, 0.02), 'difference', '+1.2 pp (−0.1 to +2.0 pp)'],
  ] as const)('%j %s', (each, scale, text) => {
    expect(changeText(each, scale)).toBe(text);
  });
});

test('times', () => {
  expect(timeText('2026-11-20T10:15:30.123Z')).toBe('2026-11-20 10:15 UTC');
  expect(spanText('2026-11-20T10:15:30.123Z', '2026-11-20T10:16:05.123Z')).toBe('35 s');
  expect(spanText('2026-11-20T10:15:30.123Z', '2026-11-20T10:31:05.123Z')).toBe('15 min 35 s');
});
