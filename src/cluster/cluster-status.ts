import type { Role } from '../config/spec.js';
import type { UpgradeRecord } from '../config/upgrade-stages.js';
import type { NodeFacts } from '../facts/facts.js';
import type { KubeNode } from '../kube/objects.js';

/** A node as it was found. */
export interface NodeStatus {
  name: string;
  role: Role;
  /** Why it could not be looked at; the rest is then unknown. */
  unreached?: string;
  /** It is in another boot than the one that the last `up` left it in: what it had is gone. */
  rebooted?: boolean;
  /** Names of components whose units do not run. */
  down: string[];
  /** What the kernel has not as the node's unit set it, each as a sentence. */
  kernel: string[];
  /** How often that unit has put something back in this boot. */
  putBack: number;
  /** Why its Node is not Ready, or takes no pods; undefined where it does, or where no API answers. */
  notReady?: string;
  /** Version that its kubelet registered. */
  kubelet?: string;
}

/** A member of etcd, as the quorum lists it; of a control plane alone where there is none. */
export interface MemberStatus {
  name: string;
  isLearner: boolean;
  isLeader: boolean;
  /** Why it does not answer. */
  silent?: string;
  /** Of its etcd. */
  version?: string;
  databaseBytes?: number;
  /** Alarms and the like, in etcd's words. */
  errors: string[];
}

export interface ClusterStatus {
  cluster: string;
  kubernetes: string;
  etcd: string;
  /** Which life of etcd's data it is. */
  incarnation: number;
  /** One was begun and is not finished. */
  upgrade?: UpgradeRecord;
  /** Why no apiserver answers. */
  apiSilent?: string;
  /** Why no quorum of etcd was proven. */
  noQuorum?: string;
  members: MemberStatus[];
  nodes: NodeStatus[];
  /** The newest that is kept of its objects; undefined where none is, or none of those there are can be read. */
  snapshot: SnapshotStatus | undefined;
  /** Copies of them elsewhere; undefined where none are to be made. */
  copies: CopiesStatus | undefined;
  /** The change log, as the daemon that keeps it says; absent where none does. */
  log?: LogStatus;
  /** Copies of members' data that went, the newest first. */
  strays: SnapshotStatus[];
  /** Certificate authorities, and when they end. */
  authorities: { id: string; ends: Date }[];
}

/** A cluster as it was found, and what was read of it on the way. */
export interface Survey {
  status: ClusterStatus;
  /** Of each node that could be looked at. */
  facts: ReadonlyMap<string, NodeFacts>;
  /** The Node objects; empty where no apiserver answers. */
  objects: readonly KubeNode[];
}

export interface SnapshotStatus {
  id: string;
  /** The latest moment of which it holds everything, by the operator's clock. */
  takenAt: Date;
  objects: number;
}

/** As the last run found them. */
export interface CopiesStatus {
  /** A folder, or a command, as configured. */
  to: string | readonly string[];
  /** The newest that is there. */
  newest: { id: string; takenAt: Date } | undefined;
  /** Why the last run did not bring all of them. */
  failure: { at: Date; message: string } | undefined;
}

/** How far the operator's change log is behind etcd. */
export interface LogStatus {
  /** Whose member is followed; empty while none is. */
  node: string;
  /** For so long it is not known that it holds everything. */
  lagMs: number;
  /** Why it is not as it should be: then what was written in that time would be lost with the machines. */
  problem?: string;
}

export interface StatusProblem {
  /** A sentence that names the place. */
  message: string;
  hint?: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Long enough before an authority's end for whoever looks once a month. */
const SOON_DAYS = 60;
const UP = 'k8s-diskless up';
const NO_SNAPSHOT: StatusProblem = {
  message: 'no snapshot is kept: what is in the cluster is gone when its control planes lose power',
  hint: 'k8s-diskless backup',
};

/** What is not as it should be; empty where all is. Pure. */
export function problemsOf(status: ClusterStatus, now: Date): StatusProblem[] {
  const { apiSilent, noQuorum } = status;
  return [
    ...(noQuorum === undefined
      ? []
      : [{ message: `etcd: no quorum answers: ${noQuorum}`, hint: `${UP} judges what is left` }]),
    ...status.members.flatMap(memberProblems),
    ...(apiSilent === undefined ? [] : [{ message: `no kube-apiserver answers: ${apiSilent}`, hint: UP }]),
    ...status.nodes.flatMap(nodeProblems),
    ...(status.snapshot === undefined ? [NO_SNAPSHOT] : []),
    ...logProblems(status.log),
    ...copyProblems(status),
    ...status.authorities.flatMap(({ id, ends }) => authorityProblems(id, ends, now)),
  ];
}

function logProblems(log: LogStatus | undefined): StatusProblem[] {
  if (log?.problem === undefined) return [];
  const message = `the change log is ${(log.lagMs / 1000).toFixed(1)} s behind: ${log.problem}`;
  return [{ message, hint: 'what was written in that time would be lost if all machines lost power now' }];
}

function copyProblems({ snapshot, copies }: ClusterStatus): StatusProblem[] {
  if (copies === undefined || snapshot === undefined) return [];
  const { newest, failure } = copies;
  const hint = 'k8s-diskless backup copies what is missing there';
  if (failure) return [{ message: `not all snapshots were copied: ${failure.message}`, hint }];
  return newest?.id === snapshot.id ? [] : [{ message: `the snapshot ${snapshot.id} was not copied yet`, hint }];
}

/** What is wrong, as the rest of a sentence about it. */
interface Trouble {
  says: string;
  /** What stands between its name and that: a verb follows the name itself. */
  after: ' ' | ': ';
  hint?: string;
}

const named = (name: string, { after, says, hint }: Trouble): StatusProblem => ({
  message: `${name}${after}${says}`,
  ...(hint !== undefined && { hint }),
});

function memberProblems(member: MemberStatus): StatusProblem[] {
  const alarms = member.errors.map((error) => ({ after: ': ', says: error }) as const);
  return [...memberTroubles(member), ...alarms].map((trouble) => named(`etcd: ${member.name}`, trouble));
}

/** Beside its alarms. */
export function memberTroubles({ isLearner, silent }: MemberStatus): Trouble[] {
  return [
    ...(silent === undefined ? [] : [{ after: ' ', says: `does not answer: ${silent}`, hint: UP } as const]),
    ...(isLearner ? [{ after: ' ', says: 'is a learner, which has no vote yet', hint: UP } as const] : []),
  ];
}

const nodeProblems = (node: NodeStatus): StatusProblem[] =>
  nodeTroubles(node).map((trouble) => named(node.name, trouble));

export function nodeTroubles({ unreached, rebooted, down, kernel, notReady }: NodeStatus): Trouble[] {
  if (unreached !== undefined) return [{ after: ' ', says: `cannot be looked at: ${unreached}` }];
  if (rebooted) {
    return [{ after: ' ', says: 'was rebooted since the last up, and has nothing of the cluster', hint: UP }];
  }
  const what = [
    ...(down.length > 0 ? [`${down.join(', ')} ${down.length === 1 ? 'does' : 'do'} not run`] : []),
    ...kernel,
    ...(notReady === undefined ? [] : [notReady]),
  ];
  return what.map((says) => ({ after: ': ', says, hint: UP }));
}

export function authorityProblems(id: string, ends: Date, now: Date): StatusProblem[] {
  const days = daysUntil(ends, now);
  if (days > SOON_DAYS) return [];
  const message = days < 0 ? `the ${id} CA has ended` : `the ${id} CA ends in ${days} days`;
  return [{ message, hint: 'k8s-diskless pki renew' }];
}

/** Whole days. */
export const daysUntil = (end: Date, now: Date): number => Math.floor((end.getTime() - now.getTime()) / DAY_MS);
