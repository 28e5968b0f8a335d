import type { Operator } from './cli.js';

/** Nodes of the pods of the cluster DNS that are not going, sorted. */
export async function nameServerNodes(operator: Operator): Promise<string[]> {
  const text = await operator.kubectl('-n', 'kube-system', 'get', 'pods', '-l', 'k8s-app=kube-dns', '-o', 'json');
  const { items } = JSON.parse(text) as {
    items: { metadata: { deletionTimestamp?: string }; spec: { nodeName?: string } }[];
  };
  return items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ spec }) => spec.nodeName ?? 'none')
    .toSorted();
}
