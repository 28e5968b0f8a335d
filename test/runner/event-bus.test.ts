import { expect, it } from 'vitest';
import { journal } from '../../src/app/journal.js';
import { createEventBus } from '../../src/runner/event-bus.js';
import type { EventSink, RunEvent } from '../../src/runner/events.js';
import { runSequence } from '../../src/runner/run-sequence.js';
import type { Step } from '../../src/runner/sequence.js';

function busOf(...sinks: EventSink[]) {
  const seen: RunEvent[] = [];
  const view: EventSink = (event) => seen.push(event);
  return { seen, bus: createEventBus({ sinks: [...sinks, view], monotonicMs: () => 0, wallClock: () => new Date(0) }) };
}

it('a sink that fails is told nothing more, the others are told once, and the run goes on', async () => {
  const { seen, bus } = busOf(journal('/nonexistent/run'));
  const { signal } = new AbortController();
  const step: Step<object> = { id: 'x', title: 'x', on: 'cluster', needs: {}, run: async () => 'changed' };
  const [report] = await runSequence({ steps: [step], nodes: [], services: {}, bus, signal });
  expect(report?.outcome).toBe('changed');
  expect(seen.map(({ type }) => type)).toEqual(['step-started', 'note', 'step-finished']);
  expect(seen[1]).toMatchObject({
    code: 'journal-lost',
    level: 'warning',
    hint: expect.stringContaining('/nonexistent'),
  });
});

it('a bug in every sink stops nothing either', () => {
  const broken: EventSink = () => {
    throw new TypeError('oops');
  };
  const bus = createEventBus({ sinks: [broken, broken], monotonicMs: () => 0, wallClock: () => new Date(0) });
  expect(() => bus.emit({ type: 'note', level: 'info', code: 'x', message: 'x' })).not.toThrow();
});
