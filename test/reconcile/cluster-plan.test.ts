import { describe, expect, it } from 'vitest';
import { DisklessError } from '../../src/errors.js';
import type { NodeFacts } from '../../src/facts/facts.js';
import type { NodeDifference } from '../../src/plan/diff.js';
import type { EtcdOrders } from '../../src/plan/etcd-order-types.js';
import { clusterPlan } from '../../src/reconcile/cluster-plan.js';
import type { Judgement, NodeWork } from '../../src/reconcile/judgement.js';
import type { StepReport } from '../../src/runner/perform-step.js';
import { sampleFacts, sampleSpec } from '../helpers/sample-facts.js';
import { sampleOrders } from '../helpers/sample-orders.js';

const spec = sampleSpec();
const NOTHING: NodeDifference = { files: [], remove: [], units: [], kernel: [], images: [] };
const MARKER: NodeFacts['marker'] = { clusterId: 'c', incarnation: 1, files: [], units: {}, images: [] };

function work(index: number, changes: { facts?: Partial<NodeFacts>; difference?: Partial<NodeDifference> } = {}) {
  const node = spec.nodes[index];
  const facts = sampleFacts({ marker: MARKER, ...changes.facts });
  return { node, facts, difference: { ...NOTHING, ...changes.difference }, survivor: false } as NodeWork;
}

function planOf(
  entries: NodeWork[],
  orders = sampleOrders(),
  reports: StepReport[] = [],
  facts = new Map([['s6', sampleFacts()]]),
) {
  const judgement = {
    orders,
    record: { etcd: {} },
    work: new Map(entries.map((entry) => [entry.node.name, entry])),
    pki: { issued: [], renewed: [{ leaf: 's4/kubelet', reason: 'its address changed' }] },
  } as unknown as Judgement;
  return clusterPlan({ spec, hosts: { facts, rejected: new Map() }, judgement, reports });
}

describe('clusterPlan', () => {
  it('has nothing to do on nodes that hold what they should', () => {
    const { nodes } = planOf([work(0), work(1), work(2)]);
    expect(nodes.map(({ name, state, actions }) => [name, state, actions])).toEqual([
      ['s4', 'converged', []],
      ['s5', 'converged', []],
      ['s6', 'converged', []],
    ]);
  });

  it('says of every difference what would be done, and why', () => {
    const text = { path: '/etc/k', mode: 0o644, content: { kind: 'text', text: 'grüße' } } as const;
    const binary = {
      path: '/opt/bin/kubelet',
      mode: 0o755,
      content: { kind: 'artifact', sha256: 'a', size: 99 },
    } as const;
    const unit = { name: 'kubelet.service', inputs: [], disruption: 'none' } as const;
    const entry = work(1, {
      facts: { clockSkewMs: -40_000 },
      difference: {
        files: [
          { component: 'kubelet', file: { ...text }, sha256: 'x', why: 'differs' },
          { component: 'kubelet', file: { ...binary }, sha256: 'a', why: 'missing' },
        ],
        remove: ['/etc/old'],
        units: [{ component: 'kubelet', unit: { ...unit, inputs: [] }, action: 'restart', fingerprint: 'f', why: 'w' }],
        kernel: ['route to 10.244.1.0/24 is missing'],
        images: [{ sha256: 'i', size: 7, references: ['pause:1', 'pause:latest'] }],
      },
    });
    const [, planned] = planOf([work(0), entry]).nodes;
    expect(planned).toMatchObject({ name: 's5', role: 'worker', state: 'differs' });
    expect(planned?.actions).toEqual([
      { kind: 'set-clock', subject: 'clock', reason: "it differs from the operator's by 40 s" },
      { kind: 'replace', subject: '/etc/k', reason: 'its content or mode differs', bytes: 7 },
      { kind: 'install', subject: '/opt/bin/kubelet', reason: 'it is missing', bytes: 99 },
      { kind: 'remove', subject: '/etc/old', reason: 'it is no longer wanted' },
      { kind: 'restart', subject: 'kubelet.service', reason: 'w', disruption: 'none' },
      { kind: 'put-back', subject: 'route to 10.244.1.0/24 is missing', reason: '' },
      { kind: 'import-image', subject: 'pause:1, pause:latest', reason: 'containerd does not hold it', bytes: 7 },
    ]);
  });

  it('tells a blank node from one that differs, and what becomes of data that must go', () => {
    const orders = sampleOrders({
      code: 'bootstrap',
      members: { s4: { do: 'bootstrap', wipe: 'unfinished' } },
      cluster: [{ do: 'begin-incarnation', incarnation: 2, members: ['s4'], discarded: ['s4'], why: 'unfinished' }],
    });
    const { nodes, verdict, notes } = planOf([work(0, { facts: { marker: undefined } })], orders);
    const reason = 'it is of a bootstrap that never finished, and holds no objects';
    expect(nodes[0]).toMatchObject({
      state: 'blank',
      actions: [{ kind: 'remove', subject: 'etcd data', reason }],
    });
    expect(verdict).toEqual({
      code: 'bootstrap',
      message: 'an earlier bootstrap never finished and held no objects; bootstrapping etcd on s4 (incarnation 2)',
    });
    expect(notes).toEqual(['certificate to renew: s4/kubelet (its address changed)']);
  });

  it('says what a bootstrap that is continued still has to give up', () => {
    const members = { s4: { do: 'resume-bootstrap', wipe: 'discarded' } } as const;
    const orders = sampleOrders({ code: 'resume-bootstrap', members, absent: 's6 cannot be reached' });
    const { nodes, verdict } = planOf([work(0)], orders);
    const reason = 'it was given up (--discard-data); a copy is kept first';
    expect(nodes[0]?.actions).toEqual([{ kind: 'remove', subject: 'etcd data', reason }]);
    expect(verdict.message).toBe(
      'continuing the interrupted etcd bootstrap on s4; earlier data of s4 is discarded, as recorded; s6 cannot be reached',
    );
  });

  it('says whose membership ends, and that of nobody else', () => {
    const message = (orders: EtcdOrders): string => planOf([work(0)], orders).verdict.message;
    const cluster = [{ do: 'remove-entry', member: 's6', id: '6' } as const];
    expect(message(sampleOrders({ cluster }))).toBe(
      'etcd has a quorum; the data of s6 is lost; its etcd member will be removed',
    );
    expect(message(sampleOrders())).toBe('etcd has a quorum');
    expect(message(sampleOrders({ code: 'rejoin', members: { s4: 'keep', s6: 'join-as-learner' }, cluster }))).toBe(
      'etcd has a quorum; s6 lost its data and rejoins',
    );
  });

  it('says of members what is done to them before anything else', () => {
    const message = (orders: EtcdOrders): string => planOf([work(0)], orders).verdict.message;
    const revive = sampleOrders({ code: 'revive', members: { s4: 'start', s5: 'keep' } });
    expect(message(revive)).toBe('etcd has no quorum; s4, s5 have their data; s4 is started, and all is judged again');
    const moved = { do: 'update-peer-url', id: '5', url: 'https://10.0.0.5:2380' } as const;
    expect(message(sampleOrders({ members: { s4: 'start', s5: moved } }))).toBe(
      'etcd has a quorum; s4 is started; the others are told the new address of s5',
    );
    const promoted = sampleOrders({ code: 'rejoin', members: { s4: 'keep', s6: { do: 'promote', id: '6' } } });
    expect(message(promoted)).toBe('etcd has a quorum; s6 was left behind as a learner and is promoted');
    const ask = {
      code: 'refused',
      reason: 'etcd-masked',
      message: 'etcd.service is masked on s6',
      hint: 'ask',
    } as const;
    expect(message(sampleOrders({ members: { s6: { do: 'leave', ask } } }))).toBe(
      'etcd has a quorum; etcd.service is masked on s6',
    );
  });

  it('says of nodes whose member waits, or is asked about, that they do', () => {
    const ask = { code: 'refused', reason: 'etcd-masked', message: 'masked', hint: 'unmask' } as const;
    const members = { s4: 'keep', s5: 'wait', s6: { do: 'leave', ask } } as const;
    const facts = new Map(['s5', 's6'].map((name) => [name, work(0).facts]));
    const { nodes } = planOf([work(0)], sampleOrders({ code: 'revive', members }), [], facts);
    expect(nodes.map(({ state }) => state)).toEqual(['converged', 'waits', 'asked-about']);
  });

  it('says of nodes that take no part why: unreachable, or unfit', () => {
    const error = new DisklessError({ code: 'x', message: 'connection refused' });
    const failed = (node: string): StepReport => ({ step: 'x', node, outcome: 'failed', durationMs: 1, error });
    const { nodes } = planOf([work(0)], undefined, [failed('s5'), failed('s6')]);
    expect(nodes.slice(1)).toEqual([
      {
        name: 's5',
        role: 'worker',
        state: 'unreachable',
        actions: [{ kind: 'note', subject: 's5', reason: 'connection refused' }],
      },
      {
        name: 's6',
        role: 'worker',
        state: 'failed-preflight',
        actions: [{ kind: 'note', subject: 's6', reason: 'connection refused' }],
      },
    ]);
  });
});
