import type { Cluster } from '../cluster/cluster.js';
import { type ClusterSpec, controlPlanes } from '../config/spec.js';
import type { ContentSource } from '../delivery/content-source.js';
import type { DisklessError } from '../errors.js';
import type { KubeObject } from '../kube/objects.js';
import type { Beginning, Recovery } from '../plan/etcd-facts.js';
import type { Unattended } from '../plan/preflight-unattended.js';
import type { EventBus } from '../runner/event-bus.js';
import type { RollingLock } from '../runner/rolling-lock.js';
import type { HostKeyPolicy } from '../ssh/host-key.js';
import type { HostKey } from '../ssh/transport.js';
import type { ClusterRecord, NodeRecord } from '../state/records.js';
import type { Backups } from './backups.js';
import type { ConnectRetry } from './connect-retry.js';
import type { EtcdClaims } from './etcd-claims.js';
import type { FactsBarrier } from './facts-barrier.js';
import type { EtcdRejoin } from './joining-member.js';
import type { Judgement, NodeWork } from './judgement.js';
import type { LinkWatch } from './link-watch.js';
import type { ReadinessWatch } from './readiness-watch.js';
import type { ReconcileState } from './state.js';

/** Time as the run sees it. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. */
  now: () => number;
  monotonicMs: () => number;
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface ReconcileOptions {
  spec: ClusterSpec;
  state: ReconcileState;
  content: ContentSource;
  /** The user's own CNI, with network mode `manifest`. */
  networkObjects: KubeObject[];
  /** Hash every installed file instead of trusting unchanged size, inode and times. */
  verifyAll: boolean;
  /** Names a person says are off with their data gone. */
  lost: ReadonlySet<string>;
  /** Names whose etcd data a person gave up. */
  discardData: ReadonlySet<string>;
  /** Whose data the next life is made of where no quorum can be, by a person's word. */
  recoverFrom?: Recovery;
  /** A person asks for an empty cluster in the place of the recorded one. */
  newCluster: boolean;
  /** A person's word on what the next life of etcd's data begins from. */
  beginning?: Beginning;
  backups: Backups;
  /** Why the recorded cluster is not brought up any more; with `plan` alone, which then only looks. */
  outdated?: DisklessError;
  hostKeyPolicy: HostKeyPolicy;
  /** No person has asked for this run, and none looks at it. */
  unattended?: Unattended;
  stallTimeoutMs: number;
  /** How long machines that do not answer yet are asked on, from the beginning of the run; 0: not at all. */
  waitMs: number;
  /** How long what was started (a component, the API, a node) may take until it works. */
  readyTimeoutMs: number;
  clock: Clock;
  /** Bytes nobody can guess. */
  random: (size: number) => Buffer;
}

/** What one pass hands on to the next, beside what is on disk. Each field names who writes it. */
export interface RunMemory {
  /** Recorded state, undefined for a new cluster. By steps/record.ts, as it is saved. */
  record?: ClusterRecord;
  /** By steps/record.ts, as they are saved. */
  nodeRecords: Map<string, NodeRecord>;
  /** Whoever was read in this run: the latest boot, and the key that was believed for it. By steps/read-facts.ts. */
  epochs: Map<string, { bootId: string; hostKey: HostKey }>;
  /** Node name → what was done to it in this run; '' stands for the cluster's objects. By change.ts. */
  tally: Map<string, { changes: number; bytesSent: number }>;
  /** The word for a new cluster, until that is recorded: it is for one life, and later passes are within it. By steps/record.ts. */
  newCluster: boolean;
  /** The word on what the next life begins from; the same. By steps/record.ts. */
  beginning?: Beginning;
  /** The word on whose data the next life is made of; the same. By steps/record.ts. */
  recoverFrom?: Recovery;
}

/** One `up` or `plan`: what lasts from the first pass to the last. */
export interface Run {
  readonly options: ReconcileOptions;
  readonly bus: EventBus;
  readonly signal: AbortSignal;
  readonly cluster: Cluster;
  readonly retry: ConnectRetry;
  readonly memory: RunMemory;
}

/** What the steps of a pass are given beside what they need of each other: they use it, and replace nothing in it. */
export interface Pass extends Run {
  /** Who has been read so far, for the step that waits for all of them. */
  readonly barrier: FactsBarrier;
  /** No other pass follows: who is left out of this one has failed. */
  readonly isLast: boolean;
  readonly rolling: RollingLock;
  /** Nodes that are drained before their kubelet restarts. */
  readonly draining: RollingLock;
  readonly readiness: ReadinessWatch;
  readonly links: LinkWatch;
  readonly rejoin: EtcdRejoin;
  readonly claims: EtcdClaims;
}

/** Once it is decided what is to be done. */
export interface JudgedRun extends Run {
  readonly judgement: Judgement;
}

/** What a step has that comes after the judgement. */
export type Judged = Pass & JudgedRun;

/** What a step of a node has that takes part. */
export interface AtWork extends Judged {
  readonly work: NodeWork;
}

/** Whether the controller-manager and the scheduler of any control plane work. @param healthy Whose components are well */
export function hasControllers({ options }: Pick<Run, 'options'>, healthy: ReadonlyMap<string, unknown>): boolean {
  return controlPlanes(options.spec).some(({ name }) => healthy.has(name));
}
