import type { Role } from '../config/spec.js';

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
  /** Why no apiserver answers. */
  apiSilent?: string;
  /** Why no quorum of etcd was proven. */
  noQuorum?: string;
  members: MemberStatus[];
  nodes: NodeStatus[];
  /** Certificate authorities, and when they end. */
  authorities: { id: string; ends: Date }[];
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
    ...status.authorities.flatMap(({ id, ends }) => authorityProblems(id, ends, now)),
  ];
}

function memberProblems({ name, isLearner, silent, errors }: MemberStatus): StatusProblem[] {
  return [
    ...(silent === undefined ? [] : [{ message: `etcd: ${name} does not answer: ${silent}`, hint: UP }]),
    ...(isLearner ? [{ message: `etcd: ${name} is a learner, which has no vote yet`, hint: UP }] : []),
    ...errors.map((error) => ({ message: `etcd: ${name}: ${error}` })),
  ];
}

function nodeProblems({ name, unreached, rebooted, down, kernel, notReady }: NodeStatus): StatusProblem[] {
  if (unreached !== undefined) return [{ message: `${name} cannot be looked at: ${unreached}` }];
  if (rebooted)
    return [{ message: `${name} was rebooted since the last up, and has nothing of the cluster`, hint: UP }];
  const what = [
    ...(down.length > 0 ? [`${down.join(', ')} ${down.length === 1 ? 'does' : 'do'} not run`] : []),
    ...kernel,
    ...(notReady === undefined ? [] : [notReady]),
  ];
  return what.map((each) => ({ message: `${name}: ${each}`, hint: UP }));
}

function authorityProblems(id: string, ends: Date, now: Date): StatusProblem[] {
  const days = daysUntil(ends, now);
  if (days > SOON_DAYS) return [];
  const message = days < 0 ? `the ${id} CA has ended` : `the ${id} CA ends in ${days} days`;
  return [{ message, hint: 'k8s-diskless pki renew' }];
}

/** Whole days. */
export const daysUntil = (end: Date, now: Date): number => Math.floor((end.getTime() - now.getTime()) / DAY_MS);
