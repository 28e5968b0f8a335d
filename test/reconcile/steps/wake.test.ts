import { describe, expect, it } from 'vitest';
import type { NodeFacts } from '../../../src/facts/facts.js';
import type { OperatorMark } from '../../../src/node/operator-mark.js';
import type { Run } from '../../../src/reconcile/context.js';
import type { CheckedHosts, FitNode } from '../../../src/reconcile/hosts.js';
import { wakeMembers } from '../../../src/reconcile/steps/wake.js';
import { createEventBus } from '../../../src/runner/event-bus.js';
import type { RunEvent } from '../../../src/runner/events.js';
import type { ClusterRecord, EtcdRecord } from '../../../src/state/records.js';
import { fakeConnection, sessionOver } from '../../cluster/fake-session.js';
import { FakeEtcd, FakeEtcdCluster } from '../../helpers/fake-etcd.js';
import { OPERATOR, sampleFacts, sampleNode, sampleSpec } from '../../helpers/sample-facts.js';
import { virtualClock } from '../../helpers/virtual-clock.js';

const NAMES = ['s4', 's5', 's6'];
const IPS: Record<string, string> = { s4: '10.0.0.4', s5: '10.0.0.5', s6: '10.0.0.6' };
const spec = sampleSpec({ nodes: NAMES.map((name) => sampleNode({ name })) });
const recorded: EtcdRecord = { incarnation: 2, phase: 'bootstrapped', token: 't', members: NAMES, bootIds: {} };

interface Member {
  active?: string;
  masked?: boolean;
  incarnation?: number;
  /** The cluster that the node belongs to in this boot. */
  of?: string;
  operator?: OperatorMark;
}

function member({ active = 'inactive', masked = false, incarnation = 2, of = 'c', operator }: Member = {}): NodeFacts {
  const etcd = { name: 'etcd.service', active, sub: '', masked };
  return sampleFacts({
    etcdData: { present: true, clusterId: 'c', incarnation, marker: `c ${incarnation}` },
    units: { 'etcd.service': etcd },
    marker: { clusterId: of, incarnation, ...(operator && { operator }), files: [], units: {}, images: [] },
  });
}

interface Scenario {
  facts: Record<string, NodeFacts>;
  etcd?: FakeEtcd;
  record?: Partial<EtcdRecord>;
  lost?: string[];
  fails?: boolean;
}

function runWith({ facts, etcd = new FakeEtcd(IPS), record = {}, lost = [], fails = false }: Scenario) {
  const events: RunEvent[] = [];
  const scripts: string[] = [];
  const { signal } = new AbortController();
  const link = (node: string) =>
    fakeConnection(({ command }) => {
      scripts.push(`${node}: ${command}`);
      return fails ? { exitCode: 1, stderr: 'no such unit' } : {};
    });
  const names = Object.keys(facts);
  const known: ClusterRecord = { clusterId: 'c', operator: OPERATOR, spec, etcd: { ...recorded, ...record } };
  const fit = names.map((name) => ({ node: sampleNode({ name }), facts: facts[name], nodeIp: IPS[name] }) as FitNode);
  const hosts: CheckedHosts = {
    facts: new Map(Object.entries(facts)),
    unread: new Map(),
    fit,
    rejected: new Map(),
    hashes: new Map(),
    woken: new Set(),
  };
  const context = {
    signal,
    bus: createEventBus({ sinks: [(event) => events.push(event)], monotonicMs: () => 0, wallClock: () => new Date(0) }),
    hosts,
    cluster: new FakeEtcdCluster(etcd, new Map(names.map((name) => [name, sessionOver(name, [link(name)], signal)]))),
    memory: {
      record: known,
      tally: new Map(),
      epochs: new Map(names.map((name) => [name, {}])),
      nodeRecords: new Map(NAMES.map((name) => [name, { nodeIp: IPS[name] }])),
    },
    options: { spec, lost: new Set(lost), discardData: new Set<string>(), clock: virtualClock() },
  } as unknown as Run & { hosts: CheckedHosts };
  const place = { node: '', step: 'wake', signal, failed: new Set<string>() };
  return { events, scripts, wake: () => wakeMembers(context, place) };
}

describe('wake', () => {
  it('starts stopped members, without waiting for them, and nothing else', async () => {
    const run = runWith({
      facts: { s4: member(), s5: member({ active: 'failed' }), s6: member({ active: 'active' }) },
    });
    const { outcome, gives: hosts } = await run.wake();
    expect(outcome).toBe('changed');
    expect(run.scripts.map((each) => each.slice(0, 2)).toSorted()).toEqual(['s4', 's5']);
    expect(run.scripts[0]).toContain("/var/lib/etcd/k8s-diskless 'c 2' /run/k8s-diskless/etcd.lock");
    expect([...hosts.woken].toSorted()).toEqual(['s4', 's5']);
    expect(hosts.facts.get('s4')?.units['etcd.service']?.active).toBe('activating');
    expect(hosts.fit[0]?.facts.units['etcd.service']?.active).toBe('activating');
    const told = run.events.flatMap((event) => (event.type === 'change' ? [`${event.node}: ${event.what}`] : []));
    expect(told).toContain('s4: start etcd.service (stopped, and its data may be what a quorum lacks)');
  });

  it.each<[string, Scenario]>([
    ['is masked', { facts: { s4: member({ masked: true }) } }],
    ['is of an older incarnation', { facts: { s4: member({ incarnation: 1 }) } }],
    ['runs', { facts: { s4: member({ active: 'active' }) } }],
    ['is of a bootstrap that never finished', { facts: { s4: member() }, record: { phase: 'bootstrapping' } }],
    ['is on a node of another cluster', { facts: { s4: member({ of: 'other' }) } }],
    ['is where another copy of the state acts', { facts: { s4: member({ operator: { id: 'b2', generation: 2 } }) } }],
    ['was said to be lost', { facts: { s4: member() }, lost: ['s4'] }],
  ])('touches none that %s', async (_title, scenario) => {
    const run = runWith(scenario);
    expect((await run.wake()).outcome).toBe('unchanged');
    expect([run.scripts, run.events]).toEqual([[], []]);
  });

  it('touches none that the others have removed, as one of them says', async () => {
    const facts = { s4: member(), s5: member({ active: 'active' }) };
    const removed = runWith({ facts, etcd: new FakeEtcd({ s5: '10.0.0.5', s6: '10.0.0.6' }) });
    expect((await removed.wake()).outcome).toBe('unchanged');
    expect((await runWith({ facts }).wake()).outcome).toBe('changed');
  });

  it('says of one that cannot be started why, and leaves it to be judged as it is', async () => {
    const run = runWith({ facts: { s4: member() }, fails: true });
    const { outcome, gives: hosts } = await run.wake();
    expect(outcome).toBe('unchanged');
    const told = { type: 'note', level: 'warning', node: 's4', code: 'remote-failed' };
    expect(run.events).toContainEqual(expect.objectContaining(told));
    expect(hosts.facts.get('s4')?.units['etcd.service']?.active).toBe('inactive');
  });
});
