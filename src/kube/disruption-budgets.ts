import type { KubeClient } from './client.js';
import type { DisruptionBudget, KubePod, LabelSelector } from './objects.js';
import { resourcePath } from './paths.js';
import { isPodReady } from './pod-state.js';

const BUDGETS = resourcePath({ apiVersion: 'policy/v1', resource: 'poddisruptionbudgets' });

/** Of these pods those that the API would not evict now, with what keeps them: `default/web` by its budget's name. */
export async function exhaustedBudgets(
  client: KubeClient,
  pods: readonly KubePod[],
  signal: AbortSignal,
): Promise<Map<string, KubePod[]>> {
  const { items } = await client.list<DisruptionBudget>(BUDGETS, { signal });
  const found = new Map<string, KubePod[]>();
  for (const pod of pods.filter(isAskedFor)) {
    const over = items.filter((budget) => isOver(budget, pod));
    // What several are over is not evicted at all.
    const against = over.length > 1 ? over : over.filter((budget) => forbids(budget, pod));
    for (const { metadata } of against) {
      const name = `${metadata.namespace}/${metadata.name}`;
      found.set(name, [...(found.get(name) ?? []), pod]);
    }
  }
  return found;
}

/* As kube-apiserver decides it: pkg/registry/core/pod/rest/eviction.go. */

/** What has never run, or goes already, is no loss. */
function isAskedFor({ metadata, status }: KubePod): boolean {
  return status?.phase !== 'Pending' && metadata.deletionTimestamp === undefined;
}

function isOver({ metadata, spec }: DisruptionBudget, pod: KubePod): boolean {
  return pod.metadata.namespace === metadata.namespace && spec.selector !== undefined && selects(spec.selector, pod);
}

/** Of pods that are not ready, by default those go beside which enough others are healthy. */
function forbids({ spec, status }: DisruptionBudget, pod: KubePod): boolean {
  const { disruptionsAllowed = 0, currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  if (disruptionsAllowed > 0) return false;
  if (isPodReady(pod)) return true;
  if (spec.unhealthyPodEvictionPolicy === 'AlwaysAllow') return false;
  return desiredHealthy === 0 || currentHealthy < desiredHealthy;
}

/** An empty one selects every pod. */
export function selects({ matchLabels = {}, matchExpressions = [] }: LabelSelector, { metadata }: KubePod): boolean {
  const { labels = {} } = metadata;
  const holds = ({ key, operator, values = [] }: NonNullable<LabelSelector['matchExpressions']>[number]): boolean => {
    const value = labels[key];
    if (operator === 'Exists') return value !== undefined;
    if (operator === 'DoesNotExist') return value === undefined;
    const isAmong = value !== undefined && values.includes(value);
    return operator === 'NotIn' ? !isAmong : isAmong;
  };
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value) && matchExpressions.every(holds);
}
