import { type DisklessError, refusal } from '../errors.js';
import type { NodeFacts } from '../facts/facts.js';
import type { ClusterRecord, NodeRecord } from '../state/records.js';
import { requireLatest } from '../state/superseded.js';

export interface ResetQuestion {
  name: string;
  /** undefined: no cluster is recorded. */
  record: ClusterRecord | undefined;
  nodeRecords: ReadonlyMap<string, NodeRecord>;
}

/** Everything that is recorded by this name, as long as its removal is not finished too. @throws refusal `reset-of-node` */
export function requireUnrecorded({ name, record }: Pick<ResetQuestion, 'name' | 'record'>): void {
  const known = [...(record?.spec.nodes ?? []), ...(record?.leaving ?? [])];
  if (known.some((node) => node.name === name)) throw ofTheRecord(name, name);
}

function ofTheRecord(host: string, name: string): DisklessError {
  return refusal({
    code: 'reset-of-node',
    host,
    message: host === name ? 'it is a node of the recorded cluster' : `its machine is the node ${name} of the cluster`,
    hint: `k8s-diskless remove ${name} takes it out of the cluster, and everything of ours off it`,
  });
}

/** Its etcd data is the recorded life's, and may go once its members prove that they have all of it. */
export interface CoveredByMembers {
  memberId: string;
}

/**
 * What a machine that is to be reset holds. Pure.
 *
 * @returns undefined where no etcd data would go
 * @throws refusals (exit 5) `reset-of-node`, `reset-other-cluster`, `operator-superseded`, `reset-etcd-data`
 */
export function resetVerdict(
  { name, record, nodeRecords }: ResetQuestion,
  { bootId, marker, etcdData }: Pick<NodeFacts, 'bootId' | 'marker' | 'etcdData'>,
): CoveredByMembers | undefined {
  const twin = [...nodeRecords.values()].find((known) => known.bootId === bootId);
  if (twin) throw ofTheRecord(name, twin.name);
  if (record && marker && marker.clusterId !== record.clusterId)
    throw refusal({
      code: 'reset-other-cluster',
      host: name,
      message: `it belongs to the cluster ${marker.clusterId}, which is not the recorded one`,
      hint: `use the state directory of that cluster (--state-dir), or reboot ${name}, which takes everything off it`,
    });
  if (record) requireLatest(record.operator, { where: name, host: name, found: marker?.operator });
  if (!etcdData.present) return undefined;
  const { clusterId, incarnation, token, memberId } = etcdData;
  const isOfThisLife =
    record !== undefined &&
    record.etcd.phase === 'bootstrapped' &&
    clusterId === record.clusterId &&
    incarnation === record.etcd.incarnation &&
    token === record.etcd.token;
  if (isOfThisLife && memberId !== undefined) return { memberId };
  const isOurs = record !== undefined && clusterId === record.clusterId;
  const whose = isOurs ? 'it is of another life of this cluster' : 'it is of no cluster that is recorded here';
  throw holdsData(name, isOfThisLife ? 'it does not say of which member it is' : whose);
}

/** Whatever may have been written there last is not deleted on a guess. */
export function holdsData(host: string, why: string, cause?: unknown): DisklessError {
  return refusal({
    code: 'reset-etcd-data',
    host,
    message: `it holds etcd data that is in no verified snapshot, as far as is known: ${why}`,
    hint: `save what is wanted of it with the state directory of its cluster, whose up keeps copies; or reboot ${host} if its data may go`,
    ...(cause !== undefined && { cause }),
  });
}
