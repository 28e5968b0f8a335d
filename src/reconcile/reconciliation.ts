import type { Cluster } from '../cluster/cluster.js';
import type { EtcdBootstrap, Peer } from '../components/context.js';
import { type ClusterSpec, controlPlanes, type NodeSpec } from '../config/spec.js';
import type { ContentSource } from '../delivery/content-source.js';
import type { Encoding } from '../delivery/segment.js';
import type { DisklessError } from '../errors.js';
import type { MemberId } from '../etcd/member-id.js';
import type { NodeFacts } from '../facts/facts.js';
import type { KubeObject, Toleration } from '../kube/objects.js';
import type { DesiredNode } from '../node/desired.js';
import type { PkiReport } from '../pki/store.js';
import type { NodeDifference } from '../plan/diff.js';
import type { EtcdOrders } from '../plan/etcd-order-types.js';
import type { EventBus } from '../runner/event-bus.js';
import type { RollingLock } from '../runner/rolling-lock.js';
import type { HostKeyPolicy } from '../ssh/host-key.js';
import type { HostKey } from '../ssh/transport.js';
import type { ClusterRecord, NodeRecord } from '../state/records.js';
import type { Arrivals } from './arrivals.js';
import type { Attendance } from './attendance.js';
import type { HashedCandidates } from './candidate.js';
import type { LinkWatch } from './link-watch.js';
import type { BrokenWay, Way } from './network-ways.js';
import type { ReadinessWatch } from './readiness-watch.js';
import type { ReconcileState } from './state.js';
import type { WaitingRoom } from './waiting-room.js';

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
  /** A person asks for an empty cluster in the place of the recorded one. */
  newCluster: boolean;
  /** Why the recorded cluster is not brought up any more; with `plan` alone, which then only looks. */
  outdated?: DisklessError;
  hostKeyPolicy: HostKeyPolicy;
  stallTimeoutMs: number;
  /** How long machines that do not answer yet are asked on, from the beginning of the run; 0: not at all. */
  waitMs: number;
  /** How long what was started (a component, the API, a node) may take until it works. */
  readyTimeoutMs: number;
  clock: Clock;
  /** Bytes nobody can guess. */
  random: (size: number) => Buffer;
}

/** One admitted node: what it should hold, what differs, and how far its files are. */
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

/** What one pass hands on to the next, beside what is on disk. */
export interface RunMemory {
  /** Recorded state, undefined for a new cluster. */
  record?: ClusterRecord;
  nodeRecords: Map<string, NodeRecord>;
  /** Whoever was read in this run: the latest boot, and the key that was believed for it. */
  epochs: Map<string, { bootId: string; hostKey: HostKey }>;
  /** Node name → what was done to it in this run; '' stands for the cluster's objects. */
  tally: Map<string, { changes: number; bytesSent: number }>;
  /** The word for a new cluster, until that is recorded: it is for one life, and later passes are within it. */
  newCluster: boolean;
}

/** What the judge step decided; everything after it only carries it out. */
export interface Judgement {
  record: ClusterRecord;
  orders: EtcdOrders;
  work: Map<string, NodeWork>;
  /** Node name → why it takes no part in this run. */
  rejected: Map<string, Error>;
  kubeconfig: string;
  peers: Peer[];
  pki: PkiReport;
}

/** Brings blank members back one after another; shared by all steps of a run. */
export interface EtcdRejoin {
  /** Removes the entries of members whose data is gone, once in a run; whoever rejoins has it done before. */
  clear(): Promise<void>;
  /** Adds the node as a learner, has it started, and promotes it. @param signal Ends that of this node alone */
  rejoin(node: string, member: JoiningMember, signal: AbortSignal): Promise<void>;
  /** Has a learner started that has its data, and promotes it. */
  promote(node: string, member: JoiningMember & { id: MemberId }, signal: AbortSignal): Promise<void>;
  /** Tells the others a member's new address, and has it restarted with it. */
  move(node: string, move: Move, signal: AbortSignal): Promise<void>;
}

export interface Move {
  id: MemberId;
  /** Where its peers reach it from now on. */
  url: string;
  /** Ends when it is healthy again. */
  restart(): Promise<void>;
}

/** What is done on the machine of a member that joins. */
export interface JoiningMember {
  /** Leaves behind what it reads at its first start. */
  prepare(bootstrap: EtcdBootstrap, id: MemberId): Promise<void>;
  /** Ends when it serves clients. */
  start(): Promise<void>;
  /** Starts it anew, in the middle of its start too. */
  restart(): Promise<void>;
  /** Notes beside its data that it is a voter. */
  promoted(id: MemberId): Promise<void>;
}

/** What lasts from the first pass to the last. */
export interface RunTools {
  options: ReconcileOptions;
  bus: EventBus;
  signal: AbortSignal;
  cluster: Cluster;
  waiting: WaitingRoom;
  memory: RunMemory;
}

/** Who takes part in a pass, and who is left for the next. */
interface PassRoll {
  attendance: Attendance;
  /** Nodes this pass went on without, which are still waited for. */
  late: Set<string>;
  /** Why this pass cannot be the last one: filled by steps that leave somebody for the next. */
  again: Set<string>;
  /** No other pass follows: who is left out of this one has failed. */
  last: boolean;
}

/** What several nodes' steps of a pass must do in turn, or only once. */
interface PassServices {
  rolling: RollingLock;
  readiness: ReadinessWatch;
  links: LinkWatch;
  rejoin: EtcdRejoin;
}

/** What steps of a pass found out for those after them, each by the step that it names. */
interface PassFindings {
  /** By `facts`, and by `roll-call` where a control plane went away since. */
  facts: Map<string, NodeFacts>;
  /** By `connect`, `facts` and `roll-call`: node name → why it has no facts. */
  unread: Map<string, DisklessError>;
  /** Preflight of those that were read, once it was asked for. */
  checked?: Promise<HashedCandidates>;
  /** By `wake`: nodes whose stopped member was started. */
  woken: Set<string>;
  /** By `etcd`: nodes whose data directory was claimed for a new life, and what its marker says until that is open. */
  claimed: Map<string, string>;
  /** By `judge`. */
  judgement?: Judgement;
  /** By `register`: node name → why its Node object is not as it should be. */
  unregistered: ReadonlyMap<string, DisklessError>;
  /** By `healthy`: nodes whose components all said that they are well. */
  well: Set<string>;
  /** By `addons`: the DNS add-on's pods, where there is one. */
  dnsPods?: DnsPods;
  /** By `dns`: one of them is ready. */
  dnsAnswers: boolean;
  /** By `dns`: they have their nodes, and none became ready. */
  dnsFails?: true;
  /** By `prove`: node name → the ways that were tried from it, and those that did not work. */
  traffic: Map<string, Traffic>;
  /** By `same-boot`: nodes that were still there when everything else was done. */
  stillThere: Set<string>;
}

export interface Traffic {
  tried: readonly Way[];
  broken: readonly BrokenWay[];
}

/** As the Deployment of the DNS add-on has them. */
export interface DnsPods {
  namespace: string;
  labels: Record<string, string>;
  replicas: number;
  tolerations: readonly Toleration[];
}

/** Everything the steps of one pass share. */
export interface Reconciliation extends RunTools, PassRoll, PassServices, PassFindings {}

export function judgementOf(context: Reconciliation): Judgement {
  if (context.judgement === undefined) throw new Error('a step ran before the judgement it needs');
  return context.judgement;
}

/** Whether the controller-manager and the scheduler of any control plane work. Known once `healthy` is through. */
export function hasControllers({ well, options }: Reconciliation): boolean {
  return controlPlanes(options.spec).some(({ name }) => well.has(name));
}

export function tallyOf({ memory }: Reconciliation, node: string): { changes: number; bytesSent: number } {
  const tally = memory.tally.get(node) ?? { changes: 0, bytesSent: 0 };
  memory.tally.set(node, tally);
  return tally;
}

export function workOf(context: Reconciliation, node: string): NodeWork {
  const work = judgementOf(context).work.get(node);
  if (work === undefined) throw new Error(`no work was planned for ${node}`);
  return work;
}
