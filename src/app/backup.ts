import { etcdutl } from '../artifacts/etcdutl.js';
import { DEFAULT_RETENTION, prunable, type RetentionPolicy } from '../backup/retention.js';
import type { SnapshotInfo } from '../backup/snapshot-info.js';
import {
  listSnapshots,
  prepareStore,
  removeSnapshot,
  type SnapshotStore,
  snapshotStore,
  sweepStore,
} from '../backup/snapshot-store.js';
import { takeSnapshot } from '../backup/take-snapshot.js';
import type { Cluster } from '../cluster/cluster.js';
import { openRecordedCluster, type RecordedCluster } from '../cluster/recorded-cluster.js';
import type { SshSpec } from '../config/spec.js';
import { DisklessError, ownError, refusal } from '../errors.js';
import { acquireLock } from '../state/lock.js';
import type { ClusterRecord } from '../state/records.js';
import { type ContentPlace, openContent } from './content.js';
import { controlPlaneArchs } from './list-backups.js';

export interface BackUpOptions {
  recorded: RecordedCluster;
  /** Wins over what is recorded. */
  ssh?: SshSpec | undefined;
  /** Where etcdutl comes from, which a restore needs, where the cache has it not yet. */
  place: ContentPlace;
  tell: (line: string) => void;
  now: () => Date;
  signal: AbortSignal;
}

export interface BackedUp {
  snapshot: SnapshotInfo;
  /** Older ones that went, by their IDs. */
  pruned: string[];
}

/**
 * `backup`: a verified snapshot of the recorded cluster.
 *
 * @throws DisklessError `snapshot-no-etcd` (exit 5) before the first `up` came so far; of what keeps it from being taken
 */
export async function backUp({ recorded, ssh, place, tell, now, signal }: BackUpOptions): Promise<BackedUp> {
  const { record, state } = recorded;
  requireEtcd(record);
  const { cluster } = await openRecordedCluster(recorded, { ssh, tell, signal });
  try {
    const store = snapshotStore(state);
    const done = await keepSnapshot({ cluster, record, store, reason: 'backup', now, signal });
    await pinTools({ recorded, version: done.snapshot.etcd, place, tell, signal });
    return done;
  } finally {
    await cluster.close();
  }
}

interface PinToolsOptions extends Pick<BackUpOptions, 'recorded' | 'place' | 'tell' | 'signal'> {
  version: string;
}

/** On the day of a restore nothing must have to be fetched. The snapshot counts all the same. */
async function pinTools({ recorded, version, place, tell, signal }: PinToolsOptions): Promise<void> {
  const { cache, source } = await openContent(place, { progress: () => {}, signal, recheck: false });
  for (const arch of await controlPlaneArchs(recorded)) {
    const got = await etcdutl({ source, cache, version, arch, progress: () => {}, signal }).catch(ownError);
    signal.throwIfAborted();
    if (got instanceof DisklessError)
      tell(`etcdutl ${version}, which a restore needs, could not be had: ${got.message}`);
  }
}

export interface KeepSnapshotOptions {
  cluster: Cluster;
  record: ClusterRecord;
  store: SnapshotStore;
  reason: string;
  now: () => Date;
  signal: AbortSignal;
}

/** Takes one under the store's lock, and lets older ones go. @throws refusal `locked` while another is taken */
export async function keepSnapshot(options: KeepSnapshotOptions): Promise<BackedUp> {
  const { store, record, reason, now } = options;
  await prepareStore(store);
  const lock = await acquireLock({ path: store.lock, command: reason, now });
  try {
    await sweepStore(store);
    const snapshot = await takeSnapshot(options);
    return { snapshot, pruned: await prune({ store, record, policy: DEFAULT_RETENTION, now: now() }) };
  } finally {
    lock.release();
  }
}

export interface PruneOptions {
  store: SnapshotStore;
  record: ClusterRecord;
  policy: RetentionPolicy;
  now: Date;
}

/** IDs of what went. Only for the holder of the store's lock. */
export async function prune({ store, record, policy, now }: PruneOptions): Promise<string[]> {
  const { snapshots } = await listSnapshots(store);
  // A life that was begun from one and is not finished may have to begin again, from the same.
  const { origin, phase } = record.etcd;
  const needed = new Set(origin && phase === 'bootstrapping' ? [origin.snapshot] : []);
  const gone = prunable({ snapshots, policy, needed, now: now.getTime() });
  for (const id of gone) await removeSnapshot(store, id);
  return gone;
}

function requireEtcd({ etcd, spec }: ClusterRecord): void {
  if (etcd.phase === 'bootstrapped') return;
  throw refusal({
    code: 'snapshot-no-etcd',
    message: `the etcd of cluster ${spec.name} was never brought up whole: there is nothing to keep yet`,
    hint: 'k8s-diskless up',
  });
}
