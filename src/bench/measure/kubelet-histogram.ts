import { toDisklessError } from '../../errors.js';
import type { KubeClient } from '../../kube/client.js';
import { growthOf, histogramTotals } from './prometheus.js';

/** From watch-observed running back to creation, without pulls. Alpha, so a later kubelet may be without it. */
const HISTOGRAM = 'kubelet_pod_start_sli_duration_seconds';

export type KubeletReading = ReadonlyMap<string, { count: number; sumSeconds: number }>;

/** The kubelets' own view of pod startup, through the API; empty where they have no such histogram. */
export async function readKubelets(
  nodes: readonly string[],
  { client, signal }: { client: KubeClient; signal: AbortSignal },
): Promise<{ reading: KubeletReading; problem: string | null }> {
  const answers = await Promise.all(
    nodes.map(async (node) => {
      const answer = await client
        .raw(`/api/v1/nodes/${node}/proxy/metrics`, { signal })
        .catch((error: unknown) => ({ status: 0, text: toDisklessError(error).message }));
      signal.throwIfAborted();
      return { node, ...answer };
    }),
  );
  const refused = answers.find(({ status }) => status !== 200);
  if (refused) return { reading: new Map(), problem: `the kubelet of ${refused.node} does not show its metrics` };
  const totals = answers.map(({ node, text }) => [node, histogramTotals(text, HISTOGRAM)] as const);
  const missing = totals.some(([, total]) => total === undefined);
  const reading = new Map(totals.flatMap(([node, total]) => (total ? [[node, total] as const] : [])));
  return { reading, problem: missing ? `kubelets of this version have no ${HISTOGRAM}` : null };
}

export function kubeletGrowth(before: KubeletReading, after: KubeletReading) {
  return [...after].flatMap(([node, total]) => {
    const earlier = before.get(node);
    return earlier ? [{ node, histogram: HISTOGRAM, ...growthOf(earlier, total) }] : [];
  });
}
