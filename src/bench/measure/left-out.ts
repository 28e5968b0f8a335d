import type { Finding } from '../record/record-schema.js';
import type { BenchNode } from './bench-node.js';

/** Where pods are timed: on all nodes when none takes ordinary ones. */
export function podNodes<Node extends Pick<BenchNode, 'schedulable'>>(nodes: readonly Node[]): readonly Node[] {
  const schedulable = nodes.filter((node) => node.schedulable);
  return schedulable.length > 0 ? schedulable : nodes;
}

/** Every node on which no pod is timed, and what keeps them off: figures of fewer nodes must not pass for those of all. */
export function leftOut(nodes: readonly Pick<BenchNode, 'name' | 'schedulable' | 'repelledBy'>[]): Finding[] {
  const timed = podNodes(nodes);
  return nodes
    .filter((node) => !timed.includes(node))
    .map(({ name, repelledBy }) => ({
      severity: 'warning',
      code: 'node-left-out',
      message: `no pod was timed on ${name}, which takes no ordinary pods: ${repelledBy.join(', ')}`,
      hint: null,
    }));
}
