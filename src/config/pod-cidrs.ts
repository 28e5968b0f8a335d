import { nthSubnet } from './cidr.js';
import type { DraftNode } from './draft.js';
import type { NetworkSpec, NodeSpec } from './spec.js';

/** Gives every node without a pod CIDR the lowest free one. The network must have room (network-checks.ts). */
export function allocatePodCidrs(nodes: readonly DraftNode[], network: NetworkSpec): NodeSpec[] {
  const taken = new Set(nodes.map(({ podCidr }) => podCidr));
  let index = 0;
  const lowestFree = (): string => {
    let cidr: string;
    do cidr = nthSubnet(network.podCidr, network.nodePrefix, index++);
    while (taken.has(cidr));
    return cidr;
  };
  return nodes.map((node) => ({ ...node, podCidr: node.podCidr ?? lowestFree() }));
}
