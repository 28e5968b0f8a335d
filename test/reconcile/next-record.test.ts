import { describe, expect, it } from 'vitest';
import type { EtcdFacts } from '../../src/plan/etcd-facts.js';
import type { ClusterOrder, EtcdOrders } from '../../src/plan/etcd-order-types.js';
import { nextRecord } from '../../src/reconcile/next-record.js';
import type { ClusterRecord } from '../../src/state/records.js';
import { OPERATOR, sampleSpec } from '../helpers/sample-facts.js';
import { sampleOrders } from '../helpers/sample-orders.js';

const spec = sampleSpec();
/** Of a third life, where 2000000700 is the highest that is known. */
const ABOVE = '3000000700';
const facts: EtcdFacts = {
  clusterId: 'cafe',
  members: [
    { name: 's4', fit: true, bootId: 'b4', condition: { kind: 'blank' } },
    { name: 's5', fit: true, bootId: 'b5', condition: { kind: 'blank' } },
    { name: 's6', fit: false, condition: { kind: 'unreachable', lost: false } },
  ],
  lists: [],
  discardData: new Set<string>(),
  newCluster: false,
  backup: { kind: 'none' },
};
const pki = { authorities: { etcd: 'SHA256:e' }, serviceAccount: 'SHA256:s', encryptionKeys: ['SHA256:k'] };
const recorded: ClusterRecord = {
  clusterId: 'cafe',
  operator: OPERATOR,
  spec: sampleSpec({ kubernetes: '1.36.5' }),
  etcd: { incarnation: 2, phase: 'bootstrapped', token: 'old', members: ['s4'], bootIds: { s4: 'b0' } },
};

function next(orders: EtcdOrders, record?: ClusterRecord, said: Partial<EtcdFacts> = {}): ClusterRecord {
  return nextRecord({
    spec,
    record,
    clusterId: 'cafe',
    pki,
    orders,
    facts: { ...facts, ...(record && { recorded: record.etcd }), ...said },
    knownRevision: '2000000700',
    newToken: 'cafe-1234',
    newOperator: OPERATOR,
  });
}

const begin = (given: Partial<ClusterOrder & { do: 'begin-incarnation' }> = {}): EtcdOrders =>
  sampleOrders({
    code: 'bootstrap',
    cluster: [{ do: 'begin-incarnation', incarnation: 3, members: ['s4'], discarded: [], why: 'all-blank', ...given }],
  });

describe('nextRecord', () => {
  it('names the members of a bootstrap, their epochs and a token of its own before anything starts', () => {
    expect(next(begin({ members: ['s4', 's5'] }), { ...recorded, spec }).etcd).toEqual({
      incarnation: 3,
      phase: 'bootstrapping',
      token: 'cafe-1234',
      members: ['s4', 's5'],
      bootIds: { s4: 'b4', s5: 'b5' },
    });
  });

  it('goes on with the life that was judged, where that is a later one than a copy of the state knows', () => {
    const etcd = { ...recorded.etcd, incarnation: 4, token: 'later' };
    expect(next(sampleOrders({ code: 'healthy' }), recorded, { recorded: etcd }).etcd).toEqual(etcd);
  });

  it('gives a state that has none yet an operator of its own, and leaves it the one that it has', () => {
    expect(next(begin()).operator).toEqual(OPERATOR);
    const operator = { id: 'b2', generation: 3 };
    expect(next(begin(), { ...recorded, operator }).operator).toEqual(operator);
    expect(next(sampleOrders({ code: 'healthy' }), { ...recorded, operator }).operator).toEqual(operator);
  });

  it('is no older than the cluster any more where a life begins with it, and as old as it was where none does', () => {
    const operator = { id: 'b2', generation: 3, unproven: true as const };
    expect(next(begin(), { ...recorded, operator }).operator).toEqual({ id: 'b2', generation: 3 });
    expect(next(sampleOrders({ code: 'healthy' }), { ...recorded, operator }).operator).toEqual(operator);
  });

  it('remembers what it is restored from until the next life begins', () => {
    const { etcd } = next(begin({ from: '2-700' }), recorded);
    expect(etcd.origin).toEqual({ snapshot: '2-700', phase: 'restoring', above: ABOVE });
    expect(next(sampleOrders({ code: 'resume-bootstrap' }), { ...recorded, etcd }).etcd).toEqual(etcd);
    expect(next(begin({ incarnation: 4 }), { ...recorded, etcd }).etcd).not.toHaveProperty('origin');
  });

  it('remembers that a person wanted the snapshot alone, also where it begins again', () => {
    const from = begin({ from: '2-700' });
    const { etcd } = next(from, recorded, { beginning: 'snapshot' });
    expect(etcd.origin).toEqual({ snapshot: '2-700', phase: 'restoring', above: ABOVE, alone: true });
    expect(next(from, { ...recorded, etcd }, { recorded: etcd }).etcd.origin).toEqual(etcd.origin);
    expect(next(begin({ from: '2-800' }), recorded, { recorded: etcd }).etcd.origin).not.toHaveProperty('alone');
    const lived = { ...etcd, phase: 'bootstrapped' as const };
    expect(next(from, recorded, { recorded: lived }).etcd.origin).not.toHaveProperty('alone');
  });

  it('is a restored life too where it is made of what is copied first: no member of it starts empty', () => {
    const { etcd } = next(begin({ recover: { name: 's4', olderData: false } }), recorded);
    expect(etcd.origin).toEqual({ snapshot: 's4', phase: 'restoring', above: ABOVE });
    // What the change log has beyond older data is newer than what a person asked for.
    const back = next(begin({ recover: { name: 's4', olderData: true } }), recorded);
    expect(back.etcd.origin).toMatchObject({ alone: true });
  });

  it('remembers whose earlier data may go for it: the run that wipes it may be another one', () => {
    const etcd = next(begin({ discarded: ['s4'], why: 'discarded' }), recorded).etcd;
    expect(etcd.discarded).toEqual(['s4']);
    expect(next(sampleOrders({ code: 'resume-bootstrap' }), { ...recorded, etcd }).etcd).toEqual(etcd);
    expect(next(begin(), { ...recorded, etcd }).etcd).not.toHaveProperty('discarded');
  });

  it('remembers with which incarnation another Kubernetes began, for as long as that one runs', () => {
    const changed = next(begin({ why: 'new-cluster' }), recorded);
    expect(changed.etcd.versionSince).toBe(3);
    const again = next(begin({ incarnation: 4 }), changed);
    expect(again.etcd).toMatchObject({ incarnation: 4, versionSince: 3 });
    const never = next(begin({ why: 'new-cluster' }), { ...recorded, spec });
    expect(never.etcd).not.toHaveProperty('versionSince');
  });

  it("leaves etcd's life alone on all other orders, and remembers today's spec and PKI", () => {
    expect(next(sampleOrders(), recorded)).toEqual({ ...recorded, spec, pki });
    expect(next(sampleOrders({ code: 'resume-bootstrap' }), recorded).etcd).toEqual(recorded.etcd);
  });

  it('knows a cluster that never had an etcd', () => {
    expect(next(sampleOrders()).etcd).toMatchObject({ incarnation: 0, phase: 'none' });
  });
});
