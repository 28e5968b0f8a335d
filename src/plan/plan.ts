import type { Role } from '../config/spec.js';
import type { Disruption } from '../node/desired.js';

/** What `up` would do, per node, for people and for `--output json`. */
export interface ClusterPlan {
  nodes: NodePlan[];
  verdict: { code: string; message: string };
  notes: string[];
}

export interface NodePlan {
  name: string;
  role: Role;
  state: 'blank' | 'converged' | 'differs' | 'unreachable' | 'failed-preflight' | 'waits' | 'asked-about';
  actions: PlanAction[];
}

export interface PlanAction {
  kind: 'install' | 'replace' | 'remove' | 'start' | 'restart' | 'import-image' | 'put-back' | 'set-clock' | 'note';
  /** Path, unit, image references, node, or with `put-back` a sentence on what is not so. */
  subject: string;
  reason: string;
  /** Uncompressed. */
  bytes?: number;
  disruption?: Disruption;
}
