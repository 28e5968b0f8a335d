import { describe, expect, it } from 'vitest';
import type { EtcdFacts } from '../../src/plan/etcd-facts.js';
import type { EtcdVerdict } from '../../src/plan/etcd-outcome.js';
import { nextRecord } from '../../src/reconcile/next-record.js';
import type { ClusterRecord } from '../../src/state/records.js';
import { sampleSpec } from '../helpers/sample-facts.js';

const spec = sampleSpec();
const facts: EtcdFacts = {
  clusterId: 'cafe',
  members: [
    { name: 's4', fit: true, bootId: 'b4', condition: { kind: 'blank' } },
    { name: 's5', fit: true, bootId: 'b5', condition: { kind: 'blank' } },
    { name: 's6', fit: false, condition: { kind: 'unreachable', lost: false } },
  ],
  quorumProven: false,
  discardData: false,
  newCluster: false,
};
const pki = { authorities: { etcd: 'SHA256:e' }, serviceAccount: 'SHA256:s', encryptionKeys: ['SHA256:k'] };
const recorded: ClusterRecord = {
  version: 1,
  clusterId: 'cafe',
  spec: sampleSpec({ kubernetes: '1.36.5' }),
  etcd: { incarnation: 2, phase: 'bootstrapped', token: 'old', members: ['s4'], bootIds: { s4: 'b0' } },
};

function next(verdict: EtcdVerdict, record?: ClusterRecord): ClusterRecord {
  return nextRecord({ spec, record, clusterId: 'cafe', pki, verdict, facts, newToken: 'cafe-1234' });
}

describe('nextRecord', () => {
  it('names the members of a bootstrap, their epochs and a token of its own before anything starts', () => {
    const verdict: EtcdVerdict = {
      code: 'bootstrap',
      incarnation: 3,
      start: ['s4', 's5'],
      wipe: [],
      absent: ['s6'],
      why: 'all-blank',
    };
    expect(next(verdict, { ...recorded, spec }).etcd).toEqual({
      incarnation: 3,
      phase: 'bootstrapping',
      token: 'cafe-1234',
      members: ['s4', 's5'],
      bootIds: { s4: 'b4', s5: 'b5' },
    });
  });

  it('remembers with which incarnation another Kubernetes began, for as long as that one runs', () => {
    const bootstrap = { code: 'bootstrap' as const, start: ['s4'], wipe: [], absent: [], why: 'new-cluster' as const };
    const changed = next({ ...bootstrap, incarnation: 3 }, recorded);
    expect(changed.etcd.versionSince).toBe(3);
    const again = next({ ...bootstrap, incarnation: 4, why: 'all-blank' }, changed);
    expect(again.etcd).toMatchObject({ incarnation: 4, versionSince: 3 });
    const never = next({ ...bootstrap, incarnation: 3 }, { ...recorded, spec });
    expect(never.etcd).not.toHaveProperty('versionSince');
  });

  it("leaves etcd's life alone on every other verdict, and remembers today's spec and PKI", () => {
    expect(next({ code: 'healthy', holders: [], forget: [], absent: [] }, recorded)).toEqual({
      ...recorded,
      spec,
      pki,
    });
    const resumed: EtcdVerdict = { code: 'resume-bootstrap', incarnation: 2, start: ['s4'], wipe: [], absent: [] };
    expect(next(resumed, recorded).etcd).toEqual(recorded.etcd);
  });

  it('knows a cluster that never had an etcd', () => {
    expect(next({ code: 'healthy', holders: [], forget: [], absent: [] }).etcd).toMatchObject({
      incarnation: 0,
      phase: 'none',
    });
  });
});
