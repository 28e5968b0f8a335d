import type { NodeFacts } from './facts.js';

/** Those that pods can ask too: one on the node's loopback is another machine's in each pod. */
export function nameserversForPods({ nameservers }: Pick<NodeFacts, 'nameservers'>): string[] {
  return nameservers.filter((address) => !/^(127\.|::1$)/.test(address));
}
