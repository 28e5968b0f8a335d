import type { ClusterSpec } from '../config/spec.js';
import type { EtcdFacts } from '../plan/etcd-facts.js';
import type { ClusterOrder, EtcdOrders } from '../plan/etcd-order-types.js';
import { isAlone } from '../plan/is-alone.js';
import { aboveAllBefore } from '../plan/restored-revision.js';
import type { ClusterRecord, OperatorRecord, OriginRecord, PkiFingerprints } from '../state/records.js';
import { versionSince } from './version-since.js';

export interface NextRecordInput {
  spec: ClusterSpec;
  record: ClusterRecord | undefined;
  clusterId: string;
  /** Of a state that has none yet. */
  newOperator: OperatorRecord;
  pki: PkiFingerprints;
  orders: EtcdOrders;
  facts: EtcdFacts;
  /** The highest revision that is known of any life; decimal. */
  knownRevision: string;
  /** A fresh etcd cluster token, used when a new incarnation begins. */
  newToken: string;
}

type BeginOrder = Extract<ClusterOrder, { do: 'begin-incarnation' }>;

/** What state has to remember before the orders are carried out. Pure. */
export function nextRecord(input: NextRecordInput): ClusterRecord {
  const { spec, record, clusterId, pki, orders, facts, newToken, newOperator, knownRevision } = input;
  const operator = record?.operator ?? newOperator;
  const begin = orders.cluster.find((order) => order.do === 'begin-incarnation');
  const upgrade = begin?.why === 'new-cluster' ? undefined : record?.upgrade;
  const leaving = record?.leaving;
  const base = { clusterId, operator, spec, pki, ...(leaving && { leaving }), ...(upgrade && { upgrade }) };
  if (begin === undefined) {
    const none = { incarnation: 0, phase: 'none' as const, token: '', members: [], bootIds: {} };
    // As it was judged: that of a copy is the one that its members have proven.
    return { ...base, etcd: facts.recorded ?? none };
  }
  const bootIds = facts.members.flatMap(({ name, bootId }) =>
    bootId !== undefined && begin.members.includes(name) ? [[name, bootId] as const] : [],
  );
  const origin = originOf(begin, facts, knownRevision);
  const since = versionSince(record, spec);
  return {
    ...base,
    // Where it may begin, no data is left that could be newer than what is recorded.
    operator: proven(operator),
    etcd: {
      incarnation: begin.incarnation,
      phase: 'bootstrapping',
      token: newToken,
      members: begin.members,
      bootIds: Object.fromEntries(bootIds),
      ...(origin && { origin }),
      ...(begin.discarded.length > 0 && { discarded: begin.discarded }),
      ...(since > 0 && { versionSince: since }),
    },
  };
}

/** It is the newest by now. */
export function proven({ unproven: _, ...operator }: OperatorRecord): OperatorRecord {
  return operator;
}

/** What is copied first has no ID before that: it gets its place in steps/keep-strays.ts. */
function originOf(order: BeginOrder, facts: EtcdFacts, known: string): OriginRecord | undefined {
  const { from, recover, incarnation } = order;
  const begun = { phase: 'restoring' as const, above: aboveAllBefore({ incarnation, known }) };
  if (recover) return { snapshot: recover.name, ...begun, ...(recover.olderData && { alone: true }) };
  return from === undefined ? undefined : { snapshot: from, ...begun, ...(isAlone(from, facts) && { alone: true }) };
}
