import { describe, expect, it } from 'vitest';
import { openLoop } from '../../../src/bench/measure/open-loop.js';

/** A clock that only sleeping moves. */
function simulated() {
  let now = 0;
  return {
    clock: { now: () => now, at: () => now },
    sleep: async (ms: number) => {
      now += ms;
    },
  };
}

describe('openLoop', () => {
  it('keeps its timetable although nothing is answered, and ends with the last answer', async () => {
    const { clock, sleep } = simulated();
    const sent: number[] = [];
    const answers: (() => void)[] = [];
    const running = openLoop({
      clock,
      sleep,
      count: 3,
      perSecond: 10,
      signal: new AbortController().signal,
      act: (_, intended) => {
        sent.push(clock.now() - intended);
        return new Promise((resolve) => {
          answers.push(resolve);
          if (answers.length === 3) for (const answer of answers) answer();
        });
      },
    });
    const [first = 0, second = 0, third = 0] = await running;
    expect([second - first, third - first]).toEqual([100, 200]);
    expect(sent).toEqual([0, 0, 0]);
  });

  it('sends a burst all at once', async () => {
    const { clock, sleep } = simulated();
    const signal = new AbortController().signal;
    const times = await openLoop({
      clock,
      sleep,
      count: 4,
      perSecond: Number.POSITIVE_INFINITY,
      signal,
      act: async () => {},
    });
    expect(new Set(times).size).toBe(1);
  });

  it('stops with the signal', async () => {
    const { clock, sleep } = simulated();
    const stop = new AbortController();
    const act = async (index: number) => {
      if (index === 1) stop.abort(new Error('enough'));
      expect(index).toBeLessThan(2);
    };
    await expect(openLoop({ clock, sleep, count: 9, perSecond: 10, signal: stop.signal, act })).rejects.toThrow(
      'enough',
    );
  });
});
