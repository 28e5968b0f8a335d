import { requireLatestInEtcd } from '../cluster/operator-in-etcd.js';
import { isPassingInEtcd } from '../etcd/errors.js';
import type { EtcdGateway } from '../etcd/gateway.js';
import { isSuperseded } from '../node/operator-mark.js';
import type { ClusterRecord } from '../state/records.js';
import { requireLatest } from '../state/superseded.js';
import type { Run } from './context.js';
import type { ReadHosts } from './hosts.js';
import { retrying, shortly } from './settling.js';

/** Nodes of this cluster that another copy of the state has acted on since. */
export function supersededNodes(facts: ReadHosts['facts'], record: ClusterRecord | undefined): string[] {
  if (record === undefined) return [];
  return [...facts].flatMap(([name, { marker }]) =>
    marker?.clusterId === record.clusterId && isSuperseded(record.operator, marker.operator) ? [name] : [],
  );
}

/** Two that act on one cluster would undo each other's work, and this one's memory is the older one. */
export function refuseSuperseded(facts: ReadHosts['facts'], record: ClusterRecord | undefined): void {
  for (const where of supersededNodes(facts, record))
    if (record) requireLatest(record.operator, { where, found: facts.get(where)?.marker?.operator });
}

/** Nodes forget with every boot; what a quorum of etcd's members has, it has kept. */
export async function refuseSupersededByQuorum(
  context: Run,
  { operator }: ClusterRecord,
  member: () => Promise<EtcdGateway>,
): Promise<void> {
  const asked = async () => requireLatestInEtcd(operator, await member(), context.signal);
  await retrying(context, shortly(context), isPassingInEtcd, asked);
}
