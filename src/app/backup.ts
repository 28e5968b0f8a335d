import type { Arch } from '../artifacts/catalogue.js';
import { etcdutl } from '../artifacts/etcdutl.js';
import { holdStore } from '../backup/hold-store.js';
import { DEFAULT_RETENTION, prunable } from '../backup/retention.js';
import type { SnapshotInfo } from '../backup/snapshot-info.js';
import { listSnapshots, removeSnapshot, type SnapshotStore, snapshotStore } from '../backup/snapshot-store.js';
import { type TakeSnapshotOptions, takeSnapshot } from '../backup/take-snapshot.js';
import { openRecordedCluster, type RecordedCluster } from '../cluster/recorded-cluster.js';
import type { SshSpec } from '../config/spec.js';
import { refusal } from '../errors.js';
import type { ClusterRecord } from '../state/records.js';
import { type ContentPlace, openContent } from './content.js';
import { pinEtcdutl } from './pin-etcdutl.js';

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
    const { etcd: version } = done.snapshot;
    const { cache, source } = await openContent(place, { progress: () => {}, signal, recheck: false });
    const obtain = (arch: Arch) => etcdutl({ source, cache, version, arch, progress: () => {}, signal });
    for (const { message } of await pinEtcdutl(recorded, obtain, signal))
      tell(`etcdutl ${version}, which a restore needs, could not be had: ${message}`);
    return done;
  } finally {
    await cluster.close();
  }
}

/** Takes one as the only one who writes to the store, and lets older ones go. @throws refusal `locked` while another is taken */
export function keepSnapshot(options: TakeSnapshotOptions): Promise<BackedUp> {
  const { store, record, reason: command, now } = options;
  return holdStore({ store, command, now }, async () => {
    const snapshot = await takeSnapshot(options);
    return { snapshot, pruned: await prune({ store, record, now: now() }) };
  });
}

export interface PruneOptions {
  store: SnapshotStore;
  record: ClusterRecord;
  now: Date;
}

/** IDs of what went. Only for the holder of the store's lock. */
export async function prune({ store, record, now }: PruneOptions): Promise<string[]> {
  const { snapshots } = await listSnapshots(store);
  // A life that was begun from one and is not finished may have to begin again, from the same.
  const { origin, phase } = record.etcd;
  const needed = new Set(origin && phase === 'bootstrapping' ? [origin.snapshot] : []);
  const gone = prunable({ snapshots, policy: DEFAULT_RETENTION, needed, now: now.getTime() });
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
