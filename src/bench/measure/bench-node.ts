import type { NodeSession } from '../../cluster/node-session.js';
import type { KubeNode } from '../../kube/objects.js';

/** A node as a run deals with it. */
export interface BenchNode {
  name: string;
  role: 'control-plane' | 'worker';
  /** Internal address: where host cells and node ports are. */
  address: string;
  /** Go's name of its architecture. */
  arch: string;
  /** Ordinary pods are scheduled on it. */
  schedulable: boolean;
  /** What keeps them off, as kubectl writes taints; empty where nothing does. */
  repelledBy: readonly string[];
  bootId: string;
  object: KubeNode;
  session: NodeSession;
}
