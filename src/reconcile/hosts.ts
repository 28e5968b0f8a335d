import type { NodeSpec } from '../config/spec.js';
import type { DisklessError } from '../errors.js';
import type { NodeFacts } from '../facts/facts.js';

/** What is known of the machines when it is time to plan. */
export interface ReadHosts {
  readonly facts: ReadonlyMap<string, NodeFacts>;
  /** Node name → why it has no facts, of those that failed to answer or to be read. */
  readonly unread: ReadonlyMap<string, DisklessError>;
}

/** A node that was read and passed preflight. */
export interface FitNode {
  node: NodeSpec;
  facts: NodeFacts;
  nodeIp: string;
  linkName: string;
}

export interface Preflighted {
  fit: FitNode[];
  /** Node name → everything that is wrong with it, as one error. */
  rejected: Map<string, DisklessError>;
}

/** Path → SHA-256 of what lies there now; empty for what cannot be hashed. */
export type Hashes = ReadonlyMap<string, string>;

/** All that is judged by. */
export interface CheckedHosts extends ReadHosts {
  readonly fit: readonly FitNode[];
  readonly rejected: ReadonlyMap<string, DisklessError>;
  /** By node name, of those that are fit. */
  readonly hashes: ReadonlyMap<string, Hashes>;
  /** Nodes whose stopped etcd member was started in this pass. */
  readonly woken: ReadonlySet<string>;
}
