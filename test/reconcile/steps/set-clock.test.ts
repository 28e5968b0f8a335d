import { describe, expect, it } from 'vitest';
import type { NodeFacts } from '../../../src/facts/facts.js';
import type { AtWork } from '../../../src/reconcile/context.js';
import type { NodeWork } from '../../../src/reconcile/judgement.js';
import { setClock } from '../../../src/reconcile/steps/set-clock.js';
import { createEventBus } from '../../../src/runner/event-bus.js';
import type { RunEvent } from '../../../src/runner/events.js';
import { clusterOf, type FakeConnection, fakeConnection, sessionOver, type Told } from '../../cluster/fake-session.js';
import { sampleFacts, sampleNode } from '../../helpers/sample-facts.js';

const NOW_MS = Date.parse('2026-11-21T10:00:00.250Z');

/** A run with one node whose machine notes what it is told; the first connections are lost by it. */
function runWith(facts: Partial<NodeFacts>, losses = 0) {
  const told: Told[] = [];
  const events: RunEvent[] = [];
  const { signal } = new AbortController();
  let now = NOW_MS;
  const links = Array.from({ length: losses + 1 }, (_, attempt) => {
    const link: FakeConnection = fakeConnection((command) => {
      told.push(command);
      if (attempt === losses) return {};
      now += 30_000;
      link.lose();
      return new Promise(() => {});
    });
    return link;
  });
  const session = sessionOver('s4', links, signal);
  const work = { node: sampleNode(), facts: sampleFacts(facts) } as NodeWork;
  const tally = new Map<string, { changes: number; bytesSent: number }>();
  const context = {
    signal,
    bus: createEventBus({ sinks: [(event) => events.push(event)], monotonicMs: () => 0, wallClock: () => new Date(0) }),
    cluster: clusterOf([session]),
    memory: { tally },
    work,
    options: { clock: { now: () => now } },
  } as unknown as AtWork;
  const place = { node: 's4', step: 'clock', signal, failed: new Set<string>() };
  return { told, events, tally, set: () => setClock(context, place) };
}

describe('setClock', () => {
  it("sets a clock that is far off to the operator's, as root, and says so", async () => {
    const run = runWith({ clockSkewMs: -86_400_000 });
    expect(await run.set()).toBe('changed');
    expect(run.told).toHaveLength(1);
    expect(run.told[0]).toMatchObject({ root: true, command: 'date -u -s @1795255200.250' });
    expect(run.tally.get('s4')).toEqual({ changes: 1, bytesSent: 0 });
    expect(run.events).toMatchObject([
      { type: 'change', node: 's4', what: 'correct the clock, which was 86400 s behind' },
    ]);
  });

  it('tells the time of each attempt, not that of the one that was lost half a minute ago', async () => {
    const run = runWith({ clockSkewMs: -86_400_000 }, 1);
    await run.set();
    expect(run.told.map(({ command }) => command)).toEqual([
      'date -u -s @1795255200.250',
      'date -u -s @1795255230.250',
    ]);
  });

  it.each<[string, Partial<NodeFacts>]>([
    ['is right', { clockSkewMs: 900 }],
    ['is a little off', { clockSkewMs: 12_000 }],
    ['NTP keeps', { clockSkewMs: 60_000, clockSynchronized: true }],
    ['may not be set from here', { clockSkewMs: 60_000, capabilities: { sysResource: true, sysTime: false } }],
  ])('leaves a clock alone that %s', async (_title, facts) => {
    const run = runWith(facts);
    expect(await run.set()).toBe('unchanged');
    expect(run.told).toEqual([]);
  });
});
