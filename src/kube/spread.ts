import { isTolerated, repelling } from './node-taints.js';
import type { Condition, KubeNode, KubePod, Toleration } from './objects.js';
import { isPodReady } from './pod-state.js';

export interface SpreadInput {
  pods: readonly KubePod[];
  nodes: readonly KubeNode[];
  replicas: number;
  tolerations: readonly Toleration[];
  /** Since the epoch. */
  nowMs: number;
}

/** The scheduler tries a pod again some moments after a node came (it backs off for 10 s at most). */
const TRIED_AGAIN_MS = 30_000;

export type Spread =
  | { kind: 'spread' }
  /** Some pod has no node yet, or is still to be made. */
  | { kind: 'settling'; why: string }
  /** The scheduler found no node for one of them, and waiting changes nothing. */
  | { kind: 'stuck'; why: string }
  /** Pods share a node, and others have none: evicting this one lets the scheduler decide again. */
  | { kind: 'crowded'; evict: KubePod; node: string; others: KubeNode[] }
  /** The same, but it is the only one that works. */
  | { kind: 'alone'; why: string };

/** Whether the pods of a deployment run on as many nodes as there are for them. Pure. */
export function spreadOf({ pods, nodes, replicas, tolerations, nowMs }: SpreadInput): Spread {
  const living = pods.filter(isLiving);
  const byNode = groupByNode(living);
  const taking = nodes.filter((node) => takes(node, tolerations));
  if (byNode.size >= Math.min(replicas, taking.length)) return { kind: 'spread' };
  const stuck = living.find((pod) => isUnschedulable(pod, taking, nowMs));
  if (stuck) return { kind: 'stuck', why: `no node takes ${stuck.metadata.name}: ${scheduling(stuck)?.message}` };
  const placed = living.filter(({ spec }) => spec.nodeName !== undefined).length;
  // More than that is a rollout.
  if (living.length !== replicas || placed !== replicas) {
    return { kind: 'settling', why: `${placed} of ${living.length} pods have a node, of ${replicas} that are wanted` };
  }
  const [node = '', crowd = []] = [...byNode].toSorted(([, a], [, b]) => b.length - a.length)[0] ?? [];
  const idle = crowd.find((pod) => !isPodReady(pod));
  const spare = idle ?? (living.filter(isPodReady).length > 1 ? crowd[0] : undefined);
  if (spare === undefined) return { kind: 'alone', why: `only one of those on ${node} is ready` };
  const others = taking.filter(({ metadata }) => !byNode.has(metadata.name));
  return { kind: 'crowded', evict: spare, node, others };
}

function scheduling({ status }: KubePod): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === 'PodScheduled');
}

/** A verdict about the nodes as they are now; others may be about to leave a node for its sake (preemption). */
function isUnschedulable(pod: KubePod, taking: readonly KubeNode[], nowMs: number): boolean {
  const { status, reason, lastTransitionTime = '' } = scheduling(pod) ?? {};
  if (pod.spec.nodeName !== undefined || status !== 'False' || reason !== 'Unschedulable') return false;
  if (pod.status?.nominatedNodeName) return false;
  const since = Math.max(0, ...taking.map(readySince));
  return Date.parse(lastTransitionTime) > since || nowMs - since > TRIED_AGAIN_MS;
}

function readySince({ status }: KubeNode): number {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return Date.parse(ready?.lastTransitionTime ?? '') || 0;
}

function takes(node: KubeNode, tolerations: readonly Toleration[]): boolean {
  const ready = node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  return ready && repelling(node).every((taint) => isTolerated(taint, tolerations));
}

function isLiving({ metadata, status }: KubePod): boolean {
  return metadata.deletionTimestamp === undefined && !['Succeeded', 'Failed'].includes(status?.phase ?? '');
}

function groupByNode(pods: readonly KubePod[]): Map<string, KubePod[]> {
  const groups = new Map<string, KubePod[]>();
  for (const pod of pods) {
    const { nodeName } = pod.spec;
    if (nodeName !== undefined) groups.set(nodeName, [...(groups.get(nodeName) ?? []), pod]);
  }
  return groups;
}
