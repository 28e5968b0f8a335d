import { deadline } from '../abort.js';
import { DisklessError } from '../errors.js';
import { hasCode, isPassing } from './api-errors.js';
import type { KubeClient } from './client.js';
import { exhaustedBudgets } from './disruption-budgets.js';
import type { KubePod } from './objects.js';
import { resourcePath } from './paths.js';
import { type WatchEvent, watch } from './watch.js';

const PODS = resourcePath({ apiVersion: 'v1', resource: 'pods' });
/** The API says so itself where a budget is exhausted, and does not say when it no longer is. */
const TRY_AGAIN_MS = 1_000;

export interface DrainOptions {
  client: KubeClient;
  node: string;
  /** How long pods may take to end, and budgets to allow it. */
  forMs: number;
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  onWait: (reason: string) => void;
  signal: AbortSignal;
}

/**
 * Evicts the pods of a node and waits until they are gone, as their disruption budgets allow it. Those of DaemonSets and
 * of the node's own files stay; so does a pod that nothing would make anew, and is returned by name.
 *
 * @throws DisklessError `drain-blocked` with the pods, and the budgets that keep them, when time is up
 */
export async function drain({ client, node, forMs, sleep, onWait, signal }: DrainOptions): Promise<string[]> {
  const limit = deadline({ parent: signal, ms: forMs, reason: () => new TimeUp() });
  const present = new Map<string, KubePod>();
  const evicting = new Set<string>();
  const evict = async (pod: KubePod): Promise<void> => {
    while (!(await evicted(client, pod, limit.signal))) await sleep(TRY_AGAIN_MS, limit.signal);
  };
  try {
    const fieldSelector = `spec.nodeName=${node}`;
    for await (const event of watch<KubePod>({ client, path: PODS, fieldSelector, signal: limit.signal })) {
      take(present, event);
      const pods = [...present.values()];
      const going = pods.filter(isEvicted);
      if (going.length === 0) return pods.filter(isAlone).map(nameOf);
      onWait(`pods of ${node} have not ended: ${going.map(nameOf).join(', ')}`);
      for (const pod of going) {
        const uid = pod.metadata.uid ?? '';
        if (evicting.has(uid)) continue;
        evicting.add(uid);
        evict(pod).catch((error: unknown) => limit.abort(error));
      }
    }
    throw new Error('a watch ended without a reason');
  } catch (error) {
    signal.throwIfAborted();
    if (!(limit.signal.reason instanceof TimeUp)) throw limit.signal.reason ?? error;
    throw await blocked({ client, node, forMs, pods: [...present.values()].filter(isEvicted), signal });
  } finally {
    limit.abort();
    limit.release();
  }
}

/** What `drain` would evict, of these pods. */
export const isEvicted = (pod: KubePod): boolean => !stays(pod) && !isAlone(pod);

class TimeUp extends Error {}

function take(present: Map<string, KubePod>, event: WatchEvent<KubePod>): void {
  if (event.type === 'listed') {
    present.clear();
    for (const pod of event.items) present.set(pod.metadata.uid ?? '', pod);
  } else if (event.type === 'deleted') present.delete(event.object.metadata.uid ?? '');
  else present.set(event.object.metadata.uid ?? '', event.object);
}

const nameOf = ({ metadata }: KubePod): string => `${metadata.namespace}/${metadata.name}`;

function stays({ metadata, status }: KubePod): boolean {
  const isMirror = metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined;
  const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed';
  const isDaemon =
    metadata.ownerReferences?.some(({ kind, controller }) => controller && kind === 'DaemonSet') ?? false;
  return isMirror || isOver || isDaemon;
}

/** Evicted, it would be lost. */
function isAlone(pod: KubePod): boolean {
  return !stays(pod) && pod.metadata.ownerReferences?.some(({ controller }) => controller) !== true;
}

/** @returns false where it is to be asked again */
async function evicted(client: KubeClient, { metadata }: KubePod, signal: AbortSignal): Promise<boolean> {
  const { name, namespace, uid, deletionTimestamp } = metadata;
  if (deletionTimestamp !== undefined) return true;
  const path = resourcePath({ apiVersion: 'v1', resource: 'pods', namespace, name, subresource: 'eviction' });
  const deleteOptions = { preconditions: { uid } };
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: namespace ?? '' } };
  try {
    await client.create(path, { ...eviction, deleteOptions }, { signal });
    return true;
  } catch (error) {
    if (hasCode(error, 'kube-not-found')) return true;
    // Of a conflict the next one knows more: another pod has its name by now, or something else changed it.
    // What is in a namespace that ends goes by itself.
    if (isPassing(error) || hasCode(error, 'kube-conflict') || hasCode(error, 'kube-namespace-ending')) return false;
    throw error;
  }
}

interface Blocked extends Pick<DrainOptions, 'client' | 'node' | 'forMs' | 'signal'> {
  pods: readonly KubePod[];
}

async function blocked({ client, node, forMs, pods, signal }: Blocked): Promise<DisklessError> {
  const budgets = await exhaustedBudgets(client, pods, signal).catch(() => new Map<string, KubePod[]>());
  const named = [...budgets].map(([budget, kept]) => `${budget} keeps ${kept.map(nameOf).join(', ')}`).join('; ');
  return new DisklessError({
    code: 'drain-blocked',
    host: node,
    message: `pods did not leave it within ${forMs / 1000} s: ${pods.map(nameOf).join(', ')}${named && ` (PodDisruptionBudget ${named})`}`,
    hint: 'give their workloads another replica or their budgets room, and run the same again: it goes on from here; pods that end slowly need a longer --ready-timeout',
  });
}
