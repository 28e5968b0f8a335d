import { DisklessError } from '../../errors.js';
import { waitServing } from '../../kube/readiness.js';
import { reconcileNodeObject } from '../../kube/nodes.js';
import { versionRow } from '../../components/version-table.js';
import type { StepPlace, StepResult } from '../../runner/sequence.js';
import { shellQuote } from '../../ssh/quote.js';
import { judgementOf, type Reconciliation, sessionOf, workOf } from '../reconciliation.js';

/**
 * Node objects are made before the kubelets look for them: with their pod CIDR (so no controller has to allocate it),
 * role labels and taints (which a kubelet may not set), and so that CSINode initialisation succeeds at once.
 */
export async function registerNodes(context: Reconciliation, { signal }: StepPlace): Promise<StepResult> {
  const { spec } = context.options;
  const client = await context.access.kube();
  await waitServing({ client, endpoint: '/livez', signal });
  const { switches } = versionRow(spec.kubernetes);
  const nodes = [...judgementOf(context).work.values()];
  const results = await Promise.all(
    nodes.map(({ node }) =>
      reconcileNodeObject({
        client,
        node,
        masterRole: switches.masterRole,
        taintControlPlane: spec.taintControlPlane,
        signal,
      }),
    ),
  );
  return results.includes('changed') ? 'changed' : 'unchanged';
}

/** Ready means: the condition is True and the kubelet of this boot epoch said so. */
export async function waitReady(context: Reconciliation, { node }: StepPlace): Promise<StepResult> {
  const { difference } = workOf(context, node);
  const pending = await context.readiness.wait(node);
  if (pending === undefined) return difference.units.length > 0 ? 'changed' : 'unchanged';
  const log = await sessionOf(context, node)
    .exec(`journalctl --no-pager -o short-precise -n 400 -u ${shellQuote('kubelet.service')}`, { label: 'read log', root: true })
    .then(({ stdout }) => stdout)
    .catch(() => '');
  const path = await context.options.state.saveEvidence(`${node}-kubelet.log`, log);
  throw new DisklessError({
    code: 'node-not-ready',
    host: node,
    message: `it was not Ready after ${context.options.readyTimeoutMs / 1000} s: ${pending}`,
    hint: `its kubelet's log was saved to ${path}`,
    detail: log.trim().split('\n').slice(-8).join('\n'),
  });
}
