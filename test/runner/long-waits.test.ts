import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createEventBus } from '../../src/runner/event-bus.js';
import type { RunEvent } from '../../src/runner/events.js';
import { tellingWhy, waitsFor } from '../../src/runner/long-waits.js';
import { runSequence } from '../../src/runner/run-sequence.js';
import type { Step } from '../../src/runner/sequence.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Nodes whose only step is `wait`, and what is said of it within that time. */
async function said(forMs: number, wait: (node: string) => Promise<unknown>, names = ['s4', 's5', 's6']) {
  const events: RunEvent[] = [];
  const bus = createEventBus({
    sinks: [(event) => events.push(event)],
    monotonicMs: () => performance.now(),
    wallClock: () => new Date(0),
  });
  const step: Step<object> = {
    id: 'wait',
    title: 'wait',
    on: names.length > 0 ? 'every-node' : 'cluster',
    needs: {},
    run: (_context, { node }) => wait(node).then(() => 'unchanged' as const),
  };
  const nodes = names.map((name) => ({ name, role: 'worker' as const }));
  void runSequence({ steps: [step], nodes, services: {}, bus, signal: new AbortController().signal });
  await vi.advanceTimersByTimeAsync(forMs);
  return events.flatMap((event) =>
    event.type === 'waiting' ? [{ s: Math.round(event.ms / 1000), nodes: event.nodes, reason: event.reason }] : [],
  );
}

const forever = (): Promise<never> => new Promise(() => {});
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it('what takes long is said before 15 s are over, then ever more rarely', async () => {
  const waits = await said(300_000, async () => waitsFor('the API'), []);
  expect(waits).toEqual([]);
  const long = await said(300_000, () => {
    waitsFor('the API');
    return forever();
  }, []);
  expect(long[0]?.s).toBeLessThan(15);
  expect(long.map(({ s }) => s)).toEqual([14, 30, 60, 120, 240]);
  expect(long[0]).toMatchObject({ nodes: [], reason: 'the API' });
});

it('what is over in time is not told of, nor what has ended since', async () => {
  const waits = await said(60_000, (node) => later(node === 's4' ? 13_000 : node === 's5' ? 20_000 : 61_000));
  expect(waits.map(({ nodes }) => nodes)).toEqual([['s5', 's6'], ['s6'], ['s6']]);
  expect(waits.map(({ reason }) => reason)).toEqual([undefined, undefined, undefined]);
});

it('nodes that wait for the same are told of together, each with what it saw last, however deep that was seen', async () => {
  const waits = await said(20_000, async (node) => {
    waitsFor('the first answer');
    await later(1_000);
    const deep = async (): Promise<void> => waitsFor(node === 's6' ? 'its disk\n is slow' : 'the leader');
    await deep();
    await forever();
  });
  expect(waits).toEqual([
    { s: 14, nodes: ['s4', 's5'], reason: 'the leader' },
    { s: 14, nodes: ['s6'], reason: 'its disk; is slow' },
  ]);
});

it('topics stand side by side; a function is asked when it is told, also on behalf of a step', async () => {
  let asked = 0;
  const waits = await said(
    20_000,
    (node) => {
      const tell = tellingWhy('links');
      setTimeout(() => tell(`${node} is cut off`), 5_000);
      waitsFor(() => `answer ${++asked}`);
      return forever();
    },
    ['s4'],
  );
  expect(waits).toEqual([{ s: 14, nodes: ['s4'], reason: 'answer 1; s4 is cut off' }]);
});

it('outside of a step nobody is told', () => {
  expect(() => waitsFor('nothing')).not.toThrow();
});
