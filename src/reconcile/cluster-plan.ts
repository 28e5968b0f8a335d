import type { ClusterSpec } from '../config/spec.js';
import { type EtcdOrders, type WipeReason, wipes } from '../plan/etcd-order-types.js';
import type { ClusterPlan, NodePlan, PlanAction } from '../plan/plan.js';
import { clockHasToBeSet } from '../plan/preflight-clock.js';
import type { StepReport } from '../runner/perform-step.js';
import { explainOrders } from './explain-orders.js';
import type { CheckedHosts } from './hosts.js';
import type { Judgement, NodeWork } from './judgement.js';
import { firstFailures } from './outcome.js';

export interface ClusterPlanInput {
  spec: ClusterSpec;
  hosts: Pick<CheckedHosts, 'facts' | 'rejected'>;
  judgement: Judgement;
  reports: readonly StepReport[];
}

/** What `plan` shows: per node what `up` would change, and why. */
export function clusterPlan({ spec, hosts, judgement, reports }: ClusterPlanInput): ClusterPlan {
  const { orders, work } = judgement;
  const failures = firstFailures(reports);
  const wiped = wipes(orders);
  const nodes = spec.nodes.map(({ name, role }): NodePlan => {
    const planned = work.get(name);
    if (planned) return { name, role, ...stateOf(planned), actions: actionsOf(planned, wiped.get(name)) };
    const reason = failures.get(name)?.error?.message ?? 'it takes no part in this run';
    const state = stateOfLeftOut(hosts, orders, name);
    return { name, role, state, actions: [{ kind: 'note', subject: name, reason }] };
  });
  const { issued, renewed } = judgement.pki;
  const notes = [
    ...(issued.length > 0 ? [`certificates to issue: ${issued.length}`] : []),
    ...renewed.map(({ leaf, reason }) => `certificate to renew: ${leaf} (${reason})`),
  ];
  return {
    nodes,
    verdict: { code: orders.code, message: explainOrders(orders, { origin: judgement.record.etcd.origin }) },
    notes,
  };
}

function stateOfLeftOut(
  { facts, rejected }: ClusterPlanInput['hosts'],
  orders: EtcdOrders,
  name: string,
): NodePlan['state'] {
  if (!facts.has(name)) return 'unreachable';
  const order = rejected.has(name) ? undefined : orders.members.get(name);
  if (order?.do === 'wait') return 'waits';
  return order?.do === 'leave' && order.ask !== undefined ? 'asked-about' : 'failed-preflight';
}

const WIPE_REASONS: Readonly<Record<WipeReason, string>> = {
  discarded: 'it was given up (--discard-data); a copy is kept first',
  older: 'it is of an older life; a copy is kept first',
  unfinished: 'it is of a bootstrap that never finished, and holds no objects',
  rejoin: 'the member comes back as a new one',
};

function stateOf({ facts, difference, survivor }: NodeWork): Pick<NodePlan, 'state'> {
  if (facts.marker === undefined) return { state: 'blank' };
  if (clockHasToBeSet(facts) || survivor) return { state: 'differs' };
  const { files, remove, units, images } = difference;
  const nothing = files.length + remove.length + units.length + images.length === 0;
  return { state: nothing ? 'converged' : 'differs' };
}

function actionsOf({ facts, difference, survivor }: NodeWork, wiped: WipeReason | undefined): PlanAction[] {
  const { files, remove, units, kernel, images } = difference;
  const off = Math.abs(Math.round(facts.clockSkewMs / 1000));
  return [
    ...(clockHasToBeSet(facts)
      ? [{ kind: 'set-clock' as const, subject: 'clock', reason: `it differs from the operator's by ${off} s` }]
      : []),
    ...(survivor
      ? [{ kind: 'remove' as const, subject: 'pods', reason: `they are of incarnation ${facts.marker?.incarnation}` }]
      : []),
    ...(wiped ? [{ kind: 'remove' as const, subject: 'etcd data', reason: WIPE_REASONS[wiped] }] : []),
    ...files.map(({ file, why }): PlanAction => {
      const bytes = file.content.kind === 'artifact' ? file.content.size : Buffer.byteLength(file.content.text);
      const kind = why === 'missing' ? 'install' : 'replace';
      return {
        kind,
        subject: file.path,
        reason: why === 'missing' ? 'it is missing' : 'its content or mode differs',
        bytes,
      };
    }),
    ...remove.map((path): PlanAction => ({ kind: 'remove', subject: path, reason: 'it is no longer wanted' })),
    ...units.map(
      ({ unit, action, why }): PlanAction => ({
        kind: action,
        subject: unit.name,
        reason: why,
        disruption: unit.disruption,
      }),
    ),
    ...kernel.map((subject): PlanAction => ({ kind: 'put-back', subject, reason: '' })),
    ...images.map(
      ({ references, size }): PlanAction => ({
        kind: 'import-image',
        subject: references.join(', '),
        reason: 'containerd does not hold it',
        bytes: size,
      }),
    ),
  ];
}
