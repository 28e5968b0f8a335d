import { rm } from 'node:fs/promises';
import type { Cluster } from '../cluster/cluster.js';
import { requireLatestInEtcd } from '../cluster/operator-in-etcd.js';
import { controlPlanes } from '../config/spec.js';
import { DisklessError, ownError, refusal } from '../errors.js';
import type { EtcdStatus } from '../etcd/gateway.js';
import { snapshotOf } from '../etcd/snapshot.js';
import type { Contents } from '../etcd-file/read-contents.js';
import type { ClusterRecord } from '../state/records.js';
import { readDatabase, revisionOf } from './read-database.js';
import { receiveFile } from './receive.js';
import { SIDECAR_VERSION, type SnapshotInfo, snapshotId } from './snapshot-info.js';
import { databasePath, listSnapshots, placeSnapshot, type SnapshotStore, writeSidecar } from './snapshot-store.js';
import { verifySnapshot } from './verify-snapshot.js';

export interface TakeSnapshotOptions {
  cluster: Cluster;
  record: ClusterRecord;
  /** Whose lock the caller holds. */
  store: SnapshotStore;
  /** What it is taken for. */
  reason: string;
  now: () => Date;
  /** Asked when it is whole, and before it counts: throws where it must not. */
  confirm?: () => Promise<void>;
  signal: AbortSignal;
}

/**
 * A verified snapshot of the cluster's etcd in the store: of a member that a linearizable read proves fresh, a follower
 * before the leader. It counts once its hash, its pages and its revision were checked and it is durable; until then, and
 * after any failure, the store is as it was.
 *
 * @throws DisklessError of the last member that was tried; `snapshot-foreign-etcd`, `operator-superseded` (exit 5)
 */
export async function takeSnapshot(options: TakeSnapshotOptions): Promise<SnapshotInfo> {
  const { cluster, record, store, signal } = options;
  const names = controlPlanes(record.spec).map(({ name }) => name);
  await cluster.quorumThrough(names, signal);
  const { snapshots: kept } = await listSnapshots(store);
  let failure: DisklessError | undefined;
  for (const member of await answeringMembers(cluster, names, signal)) {
    try {
      return await takeFrom(member, { ...options, kept });
    } catch (error) {
      signal.throwIfAborted();
      failure = ownError(error);
      if (!isOfThisMember(failure)) throw failure;
    }
  }
  throw failure ?? new DisklessError({ code: 'etcd-no-answer', message: 'no voter of etcd answers' });
}

/** Another member may do better than this one; a full disk or another cluster stays what it is. */
function isOfThisMember({ code }: DisklessError): boolean {
  return code.startsWith('etcd-') || ['snapshot-damaged', 'snapshot-stale', 'rebooted'].includes(code);
}

interface AnsweringMember {
  node: string;
  status: EtcdStatus;
}

/** Voters, the leader last: it has the most to do. */
async function answeringMembers(
  cluster: Cluster,
  names: readonly string[],
  signal: AbortSignal,
): Promise<AnsweringMember[]> {
  const asked = await Promise.all(
    names.map(async (node): Promise<AnsweringMember[]> => {
      const gateway = await cluster.etcdOf(node);
      const status = await gateway.status({ signal }).catch(ownError);
      return status instanceof DisklessError || status.isLearner ? [] : [{ node, status }];
    }),
  );
  const leads = ({ status }: AnsweringMember): number => Number(status.leader === status.header.memberId);
  return asked.flat().toSorted((one, other) => leads(one) - leads(other));
}

interface Taking extends TakeSnapshotOptions {
  /** Those that are there already: nobody else writes meanwhile. */
  kept: readonly SnapshotInfo[];
}

async function takeFrom({ node, status }: AnsweringMember, options: Taking): Promise<SnapshotInfo> {
  const { cluster, store, signal, now } = options;
  const gateway = await cluster.etcdOf(node);
  const { revision: proven, clusterId } = await gateway.linearizableRead({ signal });
  requireSameEtcd(options, clusterId);
  await requireLatestInEtcd(options.record.operator, gateway, signal);
  const takenAt = now().toISOString();
  const chunks = snapshotOf({ server: await cluster.etcdStreamsOf(node), signal });
  const { temporary, ...file } = await receiveFile(chunks, databasePath(store, 'incoming'));
  try {
    const contents = await readDatabase(temporary, signal);
    const held = revisionOf(contents);
    if (BigInt(held) < BigInt(proven)) throw stale(node, held, proven);
    const info = infoOf({ ...options, node, etcd: status.version, etcdClusterId: clusterId, takenAt, contents, file });
    await options.confirm?.();
    return await commit(options, temporary, info);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** An incarnation has one etcd: a second one under the same number means that our record is not of what runs. */
function requireSameEtcd({ kept, record }: Taking, etcdClusterId: string): void {
  const { incarnation } = record.etcd;
  const other = kept.find((each) => each.incarnation === incarnation && each.etcdClusterId !== etcdClusterId);
  if (other === undefined) return;
  throw refusal({
    code: 'snapshot-foreign-etcd',
    message: `the etcd that runs is not that of incarnation ${incarnation}, of which the snapshot ${other.id} is`,
    hint: 'another operator may have begun a new one: find out whose state directory is current, and use that',
  });
}

export interface InfoInput {
  record: Pick<ClusterRecord, 'clusterId' | 'spec' | 'etcd'>;
  reason: string;
  node: string;
  etcd: string;
  etcdClusterId: string;
  takenAt: string;
  contents: Contents;
  file: { sha256: string; sizeBytes: number };
}

/** What its sidecar says. */
export function infoOf({
  record,
  reason,
  node,
  etcd,
  etcdClusterId,
  takenAt,
  contents,
  file,
}: InfoInput): SnapshotInfo {
  const { incarnation } = record.etcd;
  const { liveKeys: keys, objects } = contents;
  const revision = revisionOf(contents);
  const encryptionKeys = contents.encryptionKeys.map(({ name }) => name);
  return {
    version: SIDECAR_VERSION,
    id: snapshotId({ incarnation, revision }),
    clusterId: record.clusterId,
    incarnation,
    etcdClusterId,
    revision,
    etcd,
    kubernetes: record.spec.kubernetes,
    encryptionKeys,
    keys,
    objects,
    ...file,
    takenAt,
    node,
    reason,
  };
}

/** One of the same revision says the same: where it is whole it stays, and is known to hold everything up to now. */
async function commit({ store, kept, signal }: Taking, temporary: string, info: SnapshotInfo): Promise<SnapshotInfo> {
  const same = kept.find(({ id }) => id === info.id);
  if (same && (await isWhole(store, same, signal))) {
    const confirmed = { ...same, takenAt: info.takenAt };
    await writeSidecar(store, confirmed);
    return confirmed;
  }
  await placeSnapshot(store, temporary, info);
  return info;
}

/** Whether it is still as it was taken. */
export function isWhole(store: SnapshotStore, info: SnapshotInfo, signal: AbortSignal): Promise<boolean> {
  return verifySnapshot(store, info, signal).then(
    () => true,
    (error: unknown) => {
      signal.throwIfAborted();
      ownError(error);
      return false;
    },
  );
}

function stale(node: string, revision: string, proven: string): DisklessError {
  return new DisklessError({
    code: 'snapshot-stale',
    message: `the snapshot of ${node} ends at revision ${revision}, and ${proven} was proven before it was taken`,
    host: node,
    hint: 'another member may be further: try again',
  });
}
