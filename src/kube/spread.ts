import { isTolerated, repelling } from './node-taints.js';
import type { KubeNode, KubePod, Toleration } from './objects.js';

export interface SpreadInput {
  pods: readonly KubePod[];
  nodes: readonly KubeNode[];
  replicas: number;
  tolerations: readonly Toleration[];
}

export type Spread =
  | { kind: 'spread' }
  /** Some pod has no node yet, or is still to be made. */
  | { kind: 'settling'; why: string }
  /** Pods share a node, and others could take one: evicting this one lets the scheduler decide again. */
  | { kind: 'crowded'; evict: KubePod; node: string }
  /** The same, but it is the only one that works. */
  | { kind: 'alone'; why: string };

/** Whether the pods of a deployment run on as many nodes as there are for them. Pure. */
export function spreadOf({ pods, nodes, replicas, tolerations }: SpreadInput): Spread {
  const living = pods.filter(isLiving);
  const byNode = groupByNode(living);
  const wanted = Math.min(replicas, nodes.filter((node) => takes(node, tolerations)).length);
  if (byNode.size >= wanted) return { kind: 'spread' };
  const placed = living.filter(({ spec }) => spec.nodeName !== undefined).length;
  // More than that is a rollout.
  if (living.length !== replicas || placed !== replicas) {
    return { kind: 'settling', why: `${placed} of ${living.length} pods have a node, of ${replicas} that are wanted` };
  }
  const [node = '', crowd = []] = [...byNode].toSorted(([, a], [, b]) => b.length - a.length)[0] ?? [];
  const idle = crowd.find((pod) => !isReady(pod));
  const spare = idle ?? (living.filter(isReady).length > 1 ? crowd[0] : undefined);
  if (spare === undefined) return { kind: 'alone', why: `only one of those on ${node} is ready` };
  return { kind: 'crowded', evict: spare, node };
}

function takes(node: KubeNode, tolerations: readonly Toleration[]): boolean {
  const ready = node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  return ready && repelling(node).every((taint) => isTolerated(taint, tolerations));
}

function isLiving({ metadata, status }: KubePod): boolean {
  return metadata.deletionTimestamp === undefined && !['Succeeded', 'Failed'].includes(status?.phase ?? '');
}

function isReady({ status }: KubePod): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

function groupByNode(pods: readonly KubePod[]): Map<string, KubePod[]> {
  const groups = new Map<string, KubePod[]>();
  for (const pod of pods) {
    const { nodeName } = pod.spec;
    if (nodeName !== undefined) groups.set(nodeName, [...(groups.get(nodeName) ?? []), pod]);
  }
  return groups;
}
