import { describe, expect, it } from 'vitest';
import type { AtWork } from '../../../src/reconcile/context.js';
import { createEtcdClaims } from '../../../src/reconcile/etcd-claims.js';
import type { NodeWork } from '../../../src/reconcile/judgement.js';
import { startApiserver } from '../../../src/reconcile/steps/open-etcd-data.js';
import { proveQuorum } from '../../../src/reconcile/steps/record.js';
import { createEventBus } from '../../../src/runner/event-bus.js';
import type { RunEvent } from '../../../src/runner/events.js';
import { fakeConnection, sessionOver } from '../../cluster/fake-session.js';
import { FakeEtcd, FakeEtcdCluster } from '../../helpers/fake-etcd.js';
import { OPERATOR, sampleNode } from '../../helpers/sample-facts.js';
import { sampleOrders } from '../../helpers/sample-orders.js';
import { virtualClock } from '../../helpers/virtual-clock.js';

const IPS: Record<string, string> = { s4: '10.0.0.4', s5: '10.0.0.5', s6: '10.0.0.6' };
const TRIO = Object.keys(IPS);

/** A first life on three nodes, of which `claimed` have come so far. @param refusing Nodes that cannot be told */
function runWith(claimed: string[], refusing: string[] = []) {
  const etcd = new FakeEtcd(IPS);
  const done: string[] = [];
  const events: RunEvent[] = [];
  const { signal } = new AbortController();
  const link = (node: string) =>
    fakeConnection(({ command }) => {
      const [, marker] = /'(c 1 voter t open[^']*)'/.exec(command) ?? [];
      done.push(`${node}: ${marker ?? command}`);
      return refusing.includes(node) ? { exitCode: 1, stderr: 'no' } : {};
    });
  const nothing = { files: [], remove: [], units: [], kernel: [], images: [] };
  const arrivals = { of: async () => undefined };
  const work = TRIO.map((name) => [
    name,
    { node: sampleNode({ name }), nodeIp: IPS[name], difference: nothing, arrivals },
  ]);
  const claims = createEtcdClaims();
  for (const name of claimed) claims.claimed(name, 'c 1 voter t begun');
  const record = { clusterId: 'c', operator: OPERATOR, etcd: { incarnation: 1, phase: 'bootstrapping', token: 't' } };
  const context = {
    signal,
    bus: createEventBus({ sinks: [(event) => events.push(event)], monotonicMs: () => 0, wallClock: () => new Date(0) }),
    claims,
    memory: { tally: new Map() },
    cluster: new FakeEtcdCluster(etcd, new Map(TRIO.map((name) => [name, sessionOver(name, [link(name)], signal)]))),
    judgement: {
      record,
      orders: sampleOrders({ code: 'bootstrap', quorum: { state: 'made', through: TRIO } }),
      work: new Map(work as [string, NodeWork][]),
    },
    options: {
      clock: virtualClock(),
      readyTimeoutMs: 180_000,
      state: { saveCluster: async ({ etcd: { phase } }: typeof record) => void done.push(`record: ${phase}`) },
    },
  } as unknown as AtWork;
  const place = (node: string) => ({ node, step: 'quorum', signal, failed: new Set<string>() });
  const idOf = (node: string) => etcd.entries.find(({ name }) => name === node)?.id;
  return {
    context,
    done,
    events,
    idOf,
    prove: () => proveQuorum(context, place('')),
    serve: (node: string) => {
      const work = context.judgement.work.get(node) as NodeWork;
      return startApiserver({ ...context, work }, place(node));
    },
  };
}

describe('data of a new life', () => {
  it('is marked as open, and by its ID, wherever it was claimed, once a quorum is recorded and before any apiserver', async () => {
    const run = runWith(['s4', 's5']);
    await run.prove();
    expect(run.done[0]).toBe('record: bootstrapped');
    const marked = ['s4', 's5'].map((node) => `${node}: c 1 voter t open ${run.idOf(node)}`);
    expect(run.done.slice(1).toSorted()).toEqual(marked);
    expect(TRIO.map(run.context.claims.marker)).toEqual([undefined, undefined, undefined]);
    expect(await run.serve('s4')).toBe('unchanged');
    expect(run.done).toHaveLength(3);
  });

  it('that could not be marked keeps no other node from its apiserver, and its own from starting', async () => {
    const run = runWith(['s4', 's5'], ['s5']);
    expect(await run.prove()).toBe('changed');
    expect(run.events).toContainEqual(
      expect.objectContaining({ type: 'note', level: 'warning', node: 's5', code: 'remote-failed' }),
    );
    expect(await run.serve('s4')).toBe('unchanged');
    await expect(run.serve('s5')).rejects.toMatchObject({ code: 'remote-failed', host: 's5' });
  });
});
