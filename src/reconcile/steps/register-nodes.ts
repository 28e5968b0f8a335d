import { DisklessError } from '../../errors.js';
import { reconcileNodes, wantedNode } from '../../kube/nodes.js';
import type { StepPlace, StepResult } from '../../runner/sequence.js';
import { changed } from '../change.js';
import { fetchEvidence, whereLogs } from '../evidence.js';
import { judgementOf, type Reconciliation, sessionOf, workOf } from '../reconciliation.js';
import { settling } from '../settling.js';

/**
 * Node objects are made before the kubelets look for them: with their pod CIDR (so no controller has to allocate it),
 * role labels and taints (which a kubelet may not set), and so that CSINode initialisation succeeds at once. It needs an
 * apiserver that serves, not one whose post-start hooks are through: the administrator is above RBAC.
 */
export async function registerNodes(context: Reconciliation, { step, signal }: StepPlace): Promise<StepResult> {
  const { spec } = context.options;
  const client = await context.access.kube();
  const nodes = [...judgementOf(context).work.values()].map(({ node }) => {
    const controlPlane = node.role === 'control-plane';
    const taintControlPlane = controlPlane && spec.taintControlPlane;
    return wantedNode({ ...node, controlPlane, taintControlPlane });
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

/** Ready means: the condition is True and the kubelet of this boot epoch said so. A node in its next boot never will. */
export async function waitReady(context: Reconciliation, { node }: StepPlace): Promise<StepResult> {
  const { difference } = workOf(context, node);
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  const watch = sessionOf(context, node).watchEpoch({ signal, sleep: context.options.clock.sleep });
  const pending = await Promise.race([context.readiness.wait(node), watch]).finally(() => over.abort());
  if (pending === undefined) return difference.units.length > 0 ? 'changed' : 'unchanged';
  const evidence = await fetchEvidence(context, node, 'kubelet.service');
  throw new DisklessError({
    code: 'node-not-ready',
    host: node,
    message: `it was not Ready after ${context.options.readyTimeoutMs / 1000} s: ${pending}`,
    hint: `${whereLogs([evidence], "its kubelet's log")}; a slow machine needs a longer --ready-timeout`,
    detail: evidence.tail,
  });
}
