import { controlPlanes } from '../config/spec.js';
import type { EtcdFacts, MemberCondition, MemberFacts } from '../plan/etcd-verdict.js';
import type { Candidate } from './candidates.js';
import type { Reconciliation } from './reconciliation.js';

const PROOF_TIMEOUT_MS = 3_000;

/** What the control planes hold, and whether a quorum answers right now. Changes nothing. */
export async function observeEtcd(
  context: Reconciliation,
  fit: readonly Candidate[],
  clusterId: string,
): Promise<EtcdFacts> {
  const { spec, record, lost } = context.options;
  const byName = new Map(fit.map((candidate) => [candidate.node.name, candidate]));
  const members = controlPlanes(spec).map(({ name }): MemberFacts => {
    const candidate = byName.get(name);
    if (candidate === undefined) return { name, condition: { kind: 'unreachable', lost: lost.has(name) } };
    return { name, bootId: candidate.facts.bootId, condition: conditionOf(candidate) };
  });
  const running = members.flatMap(({ name, condition }) =>
    condition.kind === 'data' && condition.running ? [name] : [],
  );
  const quorumProven = record?.etcd.phase === 'bootstrapped' && (await anyAnswers(context, running));
  return { clusterId, members, quorumProven, ...(record && { recorded: record.etcd }) };
}

function conditionOf({ facts }: Candidate): MemberCondition {
  const { present, clusterId, incarnation } = facts.etcdData;
  if (!present) return { kind: 'blank' };
  const active = facts.units['etcd.service']?.active ?? '';
  return {
    kind: 'data',
    running: ['active', 'activating', 'reloading'].includes(active),
    ...(clusterId !== undefined && { clusterId }),
    ...(incarnation !== undefined && { incarnation }),
  };
}

async function anyAnswers(context: Reconciliation, names: readonly string[]): Promise<boolean> {
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(PROOF_TIMEOUT_MS)]);
  return context.access.linearizableRead(names, signal).then(
    () => true,
    () => false,
  );
}
