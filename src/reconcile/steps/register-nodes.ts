import { reconcileNodes, wantedNode } from '../../kube/nodes.js';
import type { StepPlace, StepResult } from '../../runner/sequence.js';
import { changed } from '../change.js';
import { judgementOf, type Reconciliation } from '../reconciliation.js';
import { settling } from '../settling.js';

/**
 * Node objects are made before the kubelets look for them: with their pod CIDR (so no controller has to allocate it), their addresses (which kube-proxy waits for),
 * role labels and taints (which a kubelet may not set), and so that CSINode initialisation succeeds at once. It needs an
 * apiserver that serves, not one whose post-start hooks are through: the administrator is above RBAC.
 */
export async function registerNodes(context: Reconciliation, { step, signal }: StepPlace): Promise<StepResult> {
  const { spec } = context.options;
  const client = await context.cluster.kube();
  const nodes = [...judgementOf(context).work.values()].map(({ node, nodeIp }) => {
    const controlPlane = node.role === 'control-plane';
    const taintControlPlane = controlPlane && spec.taintControlPlane;
    return wantedNode({ ...node, nodeIp, controlPlane, taintControlPlane });
  });
  const { changes, refused } = await settling(context, () => reconcileNodes({ client, nodes, signal }));
  for (const [node, what] of changes) changed(context, { step, node }, what.join(', '));
  context.unregistered = refused;
  return changes.size > 0 ? 'changed' : 'unchanged';
}

/** A node whose object cannot become what is wanted must not run a kubelet; the others do. */
export async function isRegistered({ unregistered }: Reconciliation, { node }: StepPlace): Promise<StepResult> {
  const error = unregistered.get(node);
  if (error) throw error;
  return 'unchanged';
}
