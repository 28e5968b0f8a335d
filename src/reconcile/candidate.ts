import type { NodeSpec } from '../config/spec.js';
import type { DisklessError } from '../errors.js';
import type { NodeFacts } from '../facts/facts.js';

/** A node that answered, passed preflight and may take part. */
export interface Candidate {
  node: NodeSpec;
  facts: NodeFacts;
  nodeIp: string;
  linkName: string;
}

export interface Candidates {
  fit: Candidate[];
  /** Node name → everything that is wrong with it, as one error. */
  rejected: Map<string, DisklessError>;
}

/** Path → SHA-256 of what lies there now; empty for what cannot be hashed. */
export type Hashes = ReadonlyMap<string, string>;

export interface HashedCandidates extends Candidates {
  /** By node name, of those that are fit. */
  hashes: ReadonlyMap<string, Hashes>;
}
