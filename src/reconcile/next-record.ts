import type { ClusterSpec } from '../config/spec.js';
import type { EtcdFacts } from '../plan/etcd-facts.js';
import type { EtcdVerdict } from '../plan/etcd-outcome.js';
import type { ClusterRecord, PkiFingerprints } from '../state/records.js';
import { versionSince } from './version-since.js';

export interface NextRecordInput {
  spec: ClusterSpec;
  record: ClusterRecord | undefined;
  clusterId: string;
  pki: PkiFingerprints;
  verdict: EtcdVerdict;
  facts: EtcdFacts;
  /** A fresh etcd cluster token, used when a new incarnation begins. */
  newToken: string;
}

/** What state has to remember before the verdict is carried out. Pure. */
export function nextRecord(input: NextRecordInput): ClusterRecord {
  const { spec, record, clusterId, pki, verdict, facts, newToken } = input;
  const base = { version: 1 as const, clusterId, spec, pki };
  if (verdict.code !== 'bootstrap') {
    const none = { incarnation: 0, phase: 'none' as const, token: '', members: [], bootIds: {} };
    return { ...base, etcd: record?.etcd ?? none };
  }
  const bootIds = facts.members.flatMap(({ name, bootId }) =>
    bootId !== undefined && verdict.start.includes(name) ? [[name, bootId] as const] : [],
  );
  const since = versionSince(record, spec);
  return {
    ...base,
    etcd: {
      incarnation: verdict.incarnation,
      phase: 'bootstrapping',
      token: newToken,
      members: verdict.start,
      bootIds: Object.fromEntries(bootIds),
      ...(since > 0 && { versionSince: since }),
    },
  };
}
