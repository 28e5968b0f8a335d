import type { Peer } from '../components/context.js';
import type { NodeSpec } from '../config/spec.js';
import type { Encoding } from '../delivery/segment.js';
import type { NodeFacts } from '../facts/facts.js';
import type { DesiredNode } from '../node/desired.js';
import type { PkiReport } from '../pki/store.js';
import type { NodeDifference } from '../plan/diff.js';
import type { EtcdOrders } from '../plan/etcd-order-types.js';
import type { ClusterRecord } from '../state/records.js';
import type { Arrivals } from './arrivals.js';

/** One node that takes part: what it should hold, what differs, and how far its files are. */
export interface NodeWork {
  node: NodeSpec;
  facts: NodeFacts;
  nodeIp: string;
  desired: DesiredNode;
  difference: NodeDifference;
  arrivals: Arrivals;
  encoding: Encoding;
  /** It stayed up while etcd was born anew: what it runs belongs to a past that no longer exists. */
  survivor: boolean;
}

/** What the judge step decided; everything after it only carries it out. */
export interface Judgement {
  /** As it is to be recorded before anything is done. */
  readonly record: ClusterRecord;
  readonly orders: EtcdOrders;
  readonly work: ReadonlyMap<string, NodeWork>;
  readonly kubeconfig: string;
  readonly peers: readonly Peer[];
  readonly pki: PkiReport;
}
