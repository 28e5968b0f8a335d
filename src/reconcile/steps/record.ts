import type { StepPlace, StepResult } from '../../runner/sequence.js';
import { judgementOf, type Reconciliation } from '../reconciliation.js';

/** Writes down what is about to happen before it does, so that the next run can continue from any point. */
export async function recordIntent(context: Reconciliation): Promise<StepResult> {
  const { record, work, kubeconfig } = judgementOf(context);
  const { state } = context.options;
  await state.saveCluster(record);
  await state.saveKubeconfig(kubeconfig);
  for (const { node, facts, nodeIp } of work.values()) {
    const connection = await context.sessions.get(node.name)?.connection();
    if (connection === undefined) continue;
    const { hostKey } = connection;
    await state.saveNode({ name: node.name, bootId: facts.bootId, hostKey, nodeIp, arch: facts.arch });
  }
  return 'unchanged';
}

/** Only a linearizable read proves a quorum; no apiserver starts before it is recorded. */
export async function proveQuorum(context: Reconciliation, { signal }: StepPlace): Promise<StepResult> {
  const judgement = judgementOf(context);
  await context.access.linearizableRead(judgement.record.etcd.members, signal);
  if (judgement.record.etcd.phase === 'bootstrapped') return 'unchanged';
  const record = { ...judgement.record, etcd: { ...judgement.record.etcd, phase: 'bootstrapped' as const } };
  await context.options.state.saveCluster(record);
  judgement.record = record;
  return 'changed';
}
