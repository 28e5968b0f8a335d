import type { Cluster } from '../cluster/cluster.js';
import type { RecordedCluster } from '../cluster/recorded-cluster.js';
import type { ClusterSpec, NodeSpec, SshSpec } from '../config/spec.js';
import { hasCode } from '../kube/api-errors.js';

export interface RemoveNodeOptions {
  recorded: RecordedCluster;
  name: string;
  /** Its machine is no more, by a person's word. */
  isGone: boolean;
  /** It stays in the cluster as that, and the next `up` takes it in. Default: it leaves. */
  becomes?: 'worker' | undefined;
  /** Wins over what is recorded. */
  ssh?: SshSpec | undefined;
  /** Told what is done, each time before it is. */
  tell: (line: string) => void;
  /** Waits, for the drain. */
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  signal: AbortSignal;
}

export interface Removal extends RemoveNodeOptions {
  cluster: Cluster;
  node: NodeSpec;
  /** With this node in it. */
  spec: ClusterSpec;
}

/** What ends on a machine may take its time. */
export const END_TIMEOUT_MS = 120_000;

/** It is gone already. */
export async function orAbsent(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!hasCode(error, 'kube-not-found')) throw error;
  });
}
