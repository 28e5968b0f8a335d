import type { KubeClient } from './client.js';
import type { DisruptionBudget, KubePod, LabelSelector } from './objects.js';
import { resourcePath } from './paths.js';

const BUDGETS = resourcePath({ apiVersion: 'policy/v1', resource: 'poddisruptionbudgets' });

/** Of these pods those that none may be evicted of now, with what keeps them: `default/web` by its budget's name. */
export async function exhaustedBudgets(
  client: KubeClient,
  pods: readonly KubePod[],
  signal: AbortSignal,
): Promise<Map<string, KubePod[]>> {
  const { items } = await client.list<DisruptionBudget>(BUDGETS, { signal });
  const found = items.flatMap(({ metadata, spec, status }) => {
    if ((status?.disruptionsAllowed ?? 0) > 0) return [];
    const kept = pods.filter(
      (pod) => pod.metadata.namespace === metadata.namespace && spec.selector && selects(spec.selector, pod),
    );
    return kept.length === 0 ? [] : [[`${metadata.namespace}/${metadata.name}`, kept] as const];
  });
  return new Map(found);
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
