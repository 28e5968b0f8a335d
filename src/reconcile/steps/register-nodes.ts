import type { DisklessError } from '../../errors.js';
import { reconcileNodes, wantedNode } from '../../kube/nodes.js';
import type { Gave, Outcome, StepPlace } from '../../runner/sequence.js';
import { changed } from '../change.js';
import type { JudgedRun } from '../context.js';
import { settling } from '../settling.js';

/** Node name → why its Node object is not as it should be. */
type Unregistered = ReadonlyMap<string, DisklessError>;

/**
 * Node objects are made before the kubelets look for them: with their pod CIDR (so no controller has to allocate it), their addresses (which kube-proxy waits for),
 * role labels and taints (which a kubelet may not set), and so that CSINode initialisation succeeds at once. It needs an
 * apiserver that serves, not one whose post-start hooks are through: the administrator is above RBAC.
 */
export async function registerNodes(context: JudgedRun, { step, signal }: StepPlace): Promise<Gave<Unregistered>> {
  const { spec } = context.options;
  const client = await context.cluster.kube();
  const nodes = [...context.judgement.work.values()].map(({ node, nodeIp }) => {
    const controlPlane = node.role === 'control-plane';
    const taintControlPlane = controlPlane && spec.taintControlPlane;
    return wantedNode({ ...node, nodeIp, controlPlane, taintControlPlane });
  });
  const { changes, refused } = await settling(context, () => reconcileNodes({ client, nodes, signal }));
  for (const [node, what] of changes) changed(context, { step, node }, what.join(', '));
  return { outcome: changes.size > 0 ? 'changed' : 'unchanged', gives: refused };
}

/** A node whose object cannot become what is wanted must not run a kubelet; the others do. */
export async function isRegistered(
  { unregistered }: { readonly unregistered: Unregistered },
  { node }: StepPlace,
): Promise<Outcome> {
  const error = unregistered.get(node);
  if (error) throw error;
  return 'unchanged';
}
