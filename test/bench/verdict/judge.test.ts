import { describe, expect, test } from 'vitest';
import { type Evidence, judge } from '../../../src/bench/verdict/judge.js';

/** A latency that grew by about a quarter, beyond doubt. */
const GREW: Evidence = {
  effect: { estimate: 1.25, interval: { low: 1.2, high: 1.3, coverage: 0.97 } },
  scale: 'ratio',
  better: 'lower',
  adjustedP: 0.01,
  smallestAdjustedP: 0.01,
  margin: 0.1,
  alpha: 0.05,
};
const withInterval = (low: number, high: number, coverage = 0.97, estimate = Math.sqrt(low * high)): Evidence => ({
  ...GREW,
  effect: { estimate, interval: { low, high, coverage } },
});

describe('better and worse', () => {
  test.each([
    ['a latency that grew', GREW, 'worse'],
    ['a goodput that grew', { ...GREW, better: 'higher' }, 'better'],
    ['a latency that shrank', withInterval(0.6, 0.7), 'better'],
    ['a goodput that shrank', { ...withInterval(0.6, 0.7), better: 'higher' }, 'worse'],
  ] as const)('%s', (_name, evidence, verdict) => {
    expect(judge(evidence)).toEqual({ verdict, ground: 'settled' });
  });

  test('of a difference, in its own unit', () => {
    const effect = { estimate: 0.03, interval: { low: 0.02, high: 0.05, coverage: 0.97 } };
    expect(judge({ ...GREW, effect, scale: 'difference', margin: 0.01 }).verdict).toBe('worse');
    expect(judge({ ...GREW, effect, scale: 'difference', margin: 0.06 }).verdict).toBe('same');
  });
});

describe('same', () => {
  test('when the whole interval lies within the margin, whether or not chance explains it', () => {
    for (const adjustedP of [0.001, 1])
      expect(judge({ ...withInterval(0.95, 1.05), adjustedP })).toEqual({ verdict: 'same', ground: 'settled' });
  });

  test('the margin is as wide downwards as upwards', () => {
    expect(judge({ ...withInterval(1 / 1.1, 1.1), adjustedP: 1 }).verdict).toBe('same');
    expect(judge({ ...withInterval(1 / 1.11, 1.1), adjustedP: 1 }).verdict).toBe('cannot tell');
    expect(judge({ ...withInterval(1 / 1.1, 1.11), adjustedP: 1 }).verdict).toBe('cannot tell');
  });

  test('never by an interval that covers less than 95 %', () => {
    expect(judge({ ...withInterval(0.99, 1.01, 0.9), adjustedP: 1, smallestAdjustedP: 0.6 })).toEqual({
      verdict: 'cannot tell',
      ground: 'few rounds',
    });
  });

  test('a rounding error in the coverage is no lack of it', () => {
    expect(judge({ ...withInterval(0.99, 1.01, 1 - 0.05 - 1e-16), adjustedP: 1 }).verdict).toBe('same');
  });
});

describe('cannot tell', () => {
  test.each([
    ['noise: the interval is wide', { ...withInterval(0.7, 1.4), adjustedP: 0.6 }, 'wide interval'],
    ['a difference so few rounds cannot prove', { ...GREW, adjustedP: 0.3, smallestAdjustedP: 0.1 }, 'few rounds'],
    ['a difference that is real, and may be too small to matter', withInterval(1.02, 1.15), 'maybe negligible'],
    [
      'no end to the interval',
      { ...withInterval(1.2, Number.POSITIVE_INFINITY, 0.97, 1.3), adjustedP: 0.2 },
      'wide interval',
    ],
  ] as const)('%s', (_name, evidence, ground) => {
    expect(judge(evidence)).toEqual({ verdict: 'cannot tell', ground });
  });
});

test('from B to A it is the other verdict', () => {
  const mirrored = (evidence: Evidence): Evidence => {
    const { estimate, interval } = evidence.effect;
    const turned = { low: 1 / interval.high, high: 1 / interval.low, coverage: interval.coverage };
    return { ...evidence, effect: { estimate: 1 / estimate, interval: turned } };
  };
  const opposite = { better: 'worse', worse: 'better', same: 'same', 'cannot tell': 'cannot tell' } as const;
  for (const evidence of [GREW, withInterval(0.5, 0.6), withInterval(0.95, 1.05), withInterval(1.02, 1.15)])
    expect(judge(mirrored(evidence)).verdict).toBe(opposite[judge(evidence).verdict]);
});
