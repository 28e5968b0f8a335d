import { expect, it } from 'vitest';
import type { NodeFacts } from '../../../src/facts/facts.js';
import type { Reconciliation } from '../../../src/reconcile/reconciliation.js';
import { readFacts } from '../../../src/reconcile/steps/read-facts.js';
import { createEventBus } from '../../../src/runner/event-bus.js';
import { blankNodeFacts } from '../../helpers/fake-node/fake-node.js';
import { type FakeConnection, fakeConnection, sessionOver } from '../fake-session.js';

const [OLD_KEY, NEW_KEY] = ['old', 'new'].map((name) => ({ type: 'ssh-ed25519', fingerprint: `SHA256:${name}` }));

it('judges the key of the connection that the facts came over, not that of a later one', async () => {
  const { signal } = new AbortController();
  const output = blankNodeFacts({ name: 's4', address: '10.146.225.4', zstd: true });
  const answersAndGoes: FakeConnection = fakeConnection(() => {
    queueMicrotask(() => answersAndGoes.lose());
    return { stdout: output };
  }, OLD_KEY);
  const session = sessionOver('s4', [answersAndGoes, fakeConnection(() => ({ stdout: 'another boot' }), NEW_KEY)]);
  const context = {
    signal,
    sessions: new Map([['s4', session]]),
    facts: new Map<string, NodeFacts>(),
    unread: new Map(),
    attendance: { settle: () => {} },
    memory: { nodeRecords: new Map() },
    bus: createEventBus({ sinks: [], monotonicMs: () => 0, wallClock: () => new Date(0) }),
    options: { hostKeyPolicy: 'per-boot', clock: { now: () => 0 } },
  } as unknown as Reconciliation;
  await readFacts(context, { node: 's4', step: 'facts', signal, failed: new Set() });
  expect(context.facts.get('s4')?.bootId).toBeTruthy();
  expect(session.hostKey).toEqual(OLD_KEY);
  await expect(session.exec('true', { label: 'look' })).rejects.toMatchObject({ code: 'rebooted' });
});
