import { describe, expect, test } from 'vitest';
import { LagMeter, Stalls } from '../../../src/bench/measure/observer-lag.js';

/** Of a loop that ticks every 5 ms and is late by these. */
function lagOf(ticks: number, ...late: number[]) {
  const stalls = new Stalls();
  for (let tick = 0; tick < ticks; tick++) stalls.add(0, 5);
  for (const ms of late) stalls.add(ms, ms + 5);
  return stalls.lag();
}

describe('the lag of an event loop', () => {
  test('of one that is free', () => expect(lagOf(1000)).toEqual({ p50: 0, p99: 0, max: 0 }));

  test('of one that was never asked', () => expect(lagOf(0)).toEqual({ p50: 0, p99: 0, max: 0 }));

  test('one long stall is one tick and many late events', () => {
    // 10 s, of which 1 s stood still: events in its first 900 ms, 9 % of all, waited for more than 100 ms.
    const { p50, p99, max } = lagOf(1799, 1000);
    expect({ p50, max }).toEqual({ p50: 0, max: 1000 });
    expect(p99).toBeCloseTo(900, 0);
  });

  test('many short ones add up', () => {
    // 10 ms of every 15: half of all events wait for (10 − w) · 2 / 30 ≥ ½, that is w = 2.5 ms.
    expect(lagOf(0, ...Array<number>(1000).fill(10)).p50).toBeCloseTo(2.5, 5);
  });

  test('a short one among much time is not in the p99', () => expect(lagOf(3000, 100).p99).toBe(0));
});

test('only what happens during the work counts, in the round and in the run', async () => {
  const meter = new LagMeter();
  const block = (ms: number): void => {
    for (const end = performance.now() + ms; performance.now() < end; );
  };
  block(50);
  await meter.during(async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    block(80);
    await new Promise((resolve) => setTimeout(resolve, 20));
  });
  const round = meter.takeRound();
  expect(round.max).toBeGreaterThan(70);
  expect(meter.takeRound().max).toBe(0);
  expect(meter.whole().max).toBe(round.max);
});
