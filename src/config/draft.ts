import type { ClusterSpec, NodeSpec } from './spec.js';

/** A node that may still lack its pod CIDR. */
export type DraftNode = Omit<NodeSpec, 'podCidr'> & { podCidr?: string };

/** A spec with everything decided but the pod CIDRs of new nodes, which need a checked network. */
export type SpecDraft = Omit<ClusterSpec, 'nodes'> & { nodes: DraftNode[] };
