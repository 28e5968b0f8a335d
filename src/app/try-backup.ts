import { restoreArchive } from '../backup/restore-archive.js';
import type { SnapshotInfo } from '../backup/snapshot-info.js';
import { findSnapshot, listSnapshots, snapshotStore } from '../backup/snapshot-store.js';
import { type Counted, lossOf, trySnapshot } from '../backup/try-snapshot.js';
import type { Cluster } from '../cluster/cluster.js';
import { openRecordedCluster, type RecordedCluster } from '../cluster/recorded-cluster.js';
import { controlPlanes, type SshSpec } from '../config/spec.js';
import { DisklessError, ownError, usageError } from '../errors.js';
import { goArchitecture } from '../facts/architecture.js';
import { readNodeRecords } from '../state/record-files.js';
import { requireInUse } from '../state/retired.js';
import { type ContentPlace, contentOf, openContent } from './content.js';

export interface TryBackupOptions {
  recorded: RecordedCluster;
  /** Wins over what is recorded. */
  ssh?: SshSpec | undefined;
  /** undefined: the newest. */
  id: string | undefined;
  /** Where etcdutl comes from. */
  place: ContentPlace;
  tell: (line: string) => void;
  signal: AbortSignal;
}

export interface TriedBackup {
  node: string;
  snapshot: SnapshotInfo;
  counted: Counted;
}

/**
 * `backups verify --restore`: an etcd of its own is started from a snapshot on a control plane, the first that has room.
 * Not on an operator, who may run no Linux, or not on that processor.
 *
 * @throws DisklessError `snapshot-try-differs` where it serves something else than its sidecar says; of the last node that
 *   was tried; usage errors of an ID that there is not
 */
export async function tryBackup(options: TryBackupOptions): Promise<TriedBackup> {
  const { recorded, ssh, tell, signal } = options;
  await requireInUse(recorded.state);
  const snapshot = await chosen(options);
  const { spec, cluster } = await openRecordedCluster(recorded, { ssh, tell, signal });
  try {
    let failure: DisklessError | undefined;
    for (const { name: node } of controlPlanes(spec)) {
      const counted = await tryOn(cluster, node, snapshot, options).catch(ownError);
      signal.throwIfAborted();
      if (!(counted instanceof DisklessError)) return { node, snapshot, counted };
      if (!ELSEWHERE.has(counted.code)) throw counted;
      failure = counted;
      tell(`${node}: ${counted.message}`);
    }
    throw failure ?? new Error('a cluster has control planes');
  } finally {
    await cluster.close();
  }
}

/** What another node may do better. */
const ELSEWHERE = new Set(['snapshot-try-no-room', 'unreachable', 'node-unknown-yet', 'rebooted']);

async function chosen({ recorded, id }: TryBackupOptions): Promise<SnapshotInfo> {
  const store = snapshotStore(recorded.state);
  if (id !== undefined) return findSnapshot(store, id);
  const [newest] = (await listSnapshots(store)).snapshots;
  if (newest) return newest;
  throw usageError({ code: 'snapshot-unknown', message: 'no snapshot is kept', hint: 'k8s-diskless backup takes one' });
}

async function tryOn(
  cluster: Cluster,
  node: string,
  snapshot: SnapshotInfo,
  { recorded, place, signal }: TryBackupOptions,
): Promise<Counted> {
  const { state, record } = recorded;
  const arch = goArchitecture((await readNodeRecords(state)).get(node)?.arch ?? '');
  if (arch === undefined)
    throw new DisklessError({ code: 'node-unknown-yet', host: node, message: 'its processor is not recorded yet' });
  const connection = await cluster.session(node).connection();
  const content = await contentOf(
    await openContent(place, { progress: () => {}, signal, recheck: false }),
    record.spec,
  );
  const archive = await restoreArchive({
    store: snapshotStore(state),
    snapshot,
    content,
    arch,
    encoding: 'gzip',
    directory: state.root,
    env: process.env,
    signal,
  });
  const counted = await trySnapshot({ node, connection, snapshot, archive, signal }).finally(() => archive.remove());
  const loss = lossOf(snapshot, counted);
  if (loss === undefined) return counted;
  throw new DisklessError({
    code: 'snapshot-try-differs',
    host: node,
    message: `an etcd that was started from the snapshot ${snapshot.id} has not what the snapshot has: ${loss}`,
    hint: 'k8s-diskless backup takes another one while the cluster lives',
  });
}
