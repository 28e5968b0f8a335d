import { expect, it } from 'vitest';
import { DisklessError, EXIT } from '../../src/errors.js';
import { reconcile } from '../../src/reconcile/reconcile.js';
import type { ReconcileInput } from '../../src/reconcile/run.js';
import { createEventBus } from '../../src/runner/event-bus.js';
import type { RunEvent } from '../../src/runner/events.js';
import { sampleSpec } from '../helpers/sample-facts.js';

it('the end of a run says which error its exit code is for', async () => {
  const events: RunEvent[] = [];
  const bus = createEventBus({
    sinks: [(event) => events.push(event)],
    monotonicMs: () => 0,
    wallClock: () => new Date(0),
  });
  const clock = { now: () => 0, monotonicMs: () => 0, sleep: async () => {} };
  const open = (host: string) =>
    Promise.reject(new DisklessError({ code: 'connect-timeout', host, message: 'it does not answer' }));
  const { exit, errors } = await reconcile({
    command: 'plan',
    spec: sampleSpec(),
    bus,
    clock,
    open,
    waitMs: 0,
    lost: new Set(),
    nodeRecords: new Map(),
    random: (size: number) => Buffer.alloc(size),
    signal: new AbortController().signal,
  } as unknown as ReconcileInput);
  expect(exit).not.toBe(EXIT.done);
  const finished = events.at(-1);
  if (finished?.type !== 'run-finished') throw new Error('the run did not end');
  expect(finished).toMatchObject({ exit, error: { exit, host: undefined } });
  expect(errors).toContain(finished.error);
  expect(finished.nodes.map(({ state, reason }) => `${state}: ${reason}`)).toEqual(
    new Array(3).fill('skipped: it does not answer'),
  );
});
