import { DisklessError, refusal } from '../../errors.js';
import { OWN_PORTS } from '../../node/ports.js';
import type { EtcdVerdict } from '../../plan/etcd-outcome.js';
import type { StepPlace, StepResult } from '../../runner/sequence.js';
import type { NodeRecord } from '../../state/records.js';
import { fetchEvidence, whereLogs } from '../evidence.js';
import { judgementOf, type NodeWork, type Reconciliation, sessionOf } from '../reconciliation.js';
import { retrying, settling, shortly } from '../settling.js';

/** Writes down what is about to happen before it does, so that the next run can continue from any point. */
export async function recordIntent(context: Reconciliation): Promise<StepResult> {
  const { record, work, kubeconfig } = judgementOf(context);
  const { state } = context.options;
  await state.saveCluster(record);
  context.memory.record = record;
  context.memory.newCluster = false;
  await state.saveKubeconfig(kubeconfig);
  const nodes = [...work.values()].map((planned) => nodeRecord(context, planned));
  await state.saveNodes(nodes);
  for (const node of nodes) context.memory.nodeRecords.set(node.name, node);
  return 'unchanged';
}

/** As its facts were read: nobody is asked again, since a node that is lost by now must not hold up the others. */
function nodeRecord(context: Reconciliation, { node: { name }, facts, nodeIp }: NodeWork): NodeRecord {
  const { bootId, arch } = facts;
  return { name, bootId, hostKey: sessionOf(context, name).hostKey, nodeIp, arch };
}

/** Only a linearizable read proves a quorum; no apiserver starts before it is recorded. */
export async function proveQuorum(context: Reconciliation, { signal }: StepPlace): Promise<StepResult> {
  const judgement = judgementOf(context);
  const { verdict, record: recorded } = judgement;
  if (verdict.code === 'revive') await waitForQuorum(context, verdict);
  else {
    // The recorded members are those of the bootstrap: some may have been lost since, and others taken in.
    const members = 'forget' in verdict ? verdict.holders : recorded.etcd.members;
    await settling(context, () => context.access.quorumThrough(members, signal));
  }
  if (verdict.code === 'healthy' && verdict.forget.length > 0) {
    await context.rejoin.clear();
    return 'changed';
  }
  if (judgement.record.etcd.phase === 'bootstrapped') return 'unchanged';
  const record = { ...judgement.record, etcd: { ...judgement.record.etcd, phase: 'bootstrapped' as const } };
  await context.options.state.saveCluster(record);
  context.memory.record = record;
  judgement.record = record;
  return 'changed';
}

/** Members that were started, or restarted with new certificates, find each other; or they do not. */
async function waitForQuorum(
  context: Reconciliation,
  { holders, otherwise }: Extract<EtcdVerdict, { code: 'revive' }>,
): Promise<void> {
  const read = () => context.access.quorumThrough(holders, context.signal);
  const passes = (): boolean => true;
  const patience = shortly(context);
  await retrying(context, patience, passes, read).catch(async (cause) => {
    if (otherwise) throw refusal({ code: otherwise.reason, message: otherwise.message, hint: otherwise.hint, cause });
    const logs = await Promise.all(holders.map((node) => fetchEvidence(context, node, 'etcd.service')));
    throw new DisklessError({
      code: 'etcd-no-quorum',
      message: `${holders.join(', ')} have the cluster's data, but formed no quorum within ${patience.forMs / 1000} s`,
      hint: `${whereLogs(logs)}; once they can reach each other on port ${OWN_PORTS.etcdPeer.port}, run up again`,
      detail: logs[0]?.tail ?? '',
      cause,
    });
  });
}
