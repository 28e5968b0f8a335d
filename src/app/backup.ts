import type { Arch } from '../artifacts/catalogue.js';
import { etcdutl } from '../artifacts/etcdutl.js';
import { holdStore } from '../backup/hold-store.js';
import { loggedOnes, policyOf, prunable } from '../backup/retention.js';
import { snapshotFile } from '../backup/snapshot-file.js';
import type { SnapshotInfo } from '../backup/snapshot-info.js';
import { listSnapshots, removeSnapshot, type SnapshotStore, snapshotStore } from '../backup/snapshot-store.js';
import { type TakeSnapshotOptions, takeSnapshot } from '../backup/take-snapshot.js';
import { listSegments, logStore, removeSegment } from '../changelog/log-store.js';
import { prunableSegments } from '../changelog/prunable-segments.js';
import { openRecordedCluster, type RecordedCluster } from '../cluster/recorded-cluster.js';
import type { SshSpec } from '../config/spec.js';
import { ownError, refusal } from '../errors.js';
import { waitsFor } from '../runner/long-waits.js';
import type { SealFor } from '../sealed/seal.js';
import { type OutFile, requireFree, writeOut } from '../sealed/write-out.js';
import type { LockOwner } from '../state/lock-owner.js';
import { positionOf } from '../state/position.js';
import { readClusterRecord } from '../state/record-files.js';
import type { ClusterRecord } from '../state/records.js';
import { requireInUse } from '../state/retired.js';
import type { StateDir } from '../state/state-dir.js';
import { type ContentPlace, openContent } from './content.js';
import { copyBackups } from './copy-backups.js';
import { noteSuperseded } from './note-superseded.js';
import { pinEtcdutl } from './pin-etcdutl.js';

export interface BackUpOptions {
  recorded: RecordedCluster;
  /** Wins over what is recorded. */
  ssh?: SshSpec | undefined;
  /** The one SSH key that is offered. Default: what ssh_config and an agent give. */
  identity?: string | undefined;
  /** Where etcdutl comes from, which a restore needs, where the cache has it not yet. */
  place: ContentPlace;
  /** What it is taken for. */
  reason: string;
  /** A file that it is written to as well, e.g. to be carried away. */
  out?: SnapshotOut | undefined;
  tell: (line: string) => void;
  now: () => Date;
  signal: AbortSignal;
}

export interface SnapshotOut extends OutFile {
  /** undefined: in plain. */
  to: SealFor | undefined;
}

export interface BackedUp {
  snapshot: SnapshotInfo;
  /** Older ones that went, by their IDs. */
  pruned: string[];
}

/**
 * `backup`: a verified snapshot of the recorded cluster.
 *
 * @throws DisklessError `snapshot-no-etcd` (exit 5) before the first `up` came so far; of what keeps it from being taken; usage errors of
 *   `writeOut`: the snapshot is in the store all the same
 */
export async function backUp(options: BackUpOptions): Promise<BackedUp> {
  const { recorded, out, signal } = options;
  if (out) await requireFree(out);
  const done = await takeBackup(options);
  const { snapshot } = done;
  const store = snapshotStore(recorded.state);
  if (out) await writeOut(snapshotFile({ store, snapshot, to: out.to, signal }), out);
  await secureBackups({ ...options, etcd: snapshot.etcd });
  return done;
}

export type TakeBackupOptions = Omit<BackUpOptions, 'place' | 'out'>;

/** The snapshot alone, as soon as it counts. @throws as `backUp` */
export async function takeBackup(options: TakeBackupOptions): Promise<BackedUp> {
  const { recorded, ssh, identity, reason, tell, now, signal } = options;
  const { record, state } = recorded;
  await requireInUse(state);
  requireEtcd(record);
  const { cluster } = await openRecordedCluster(recorded, { ssh, identity, tell, signal });
  try {
    const store = snapshotStore(state);
    const confirm = () => requireSameLife(recorded);
    return await keepSnapshot({ cluster, record, state, store, reason, now, confirm, signal });
  } catch (thrown) {
    const error = ownError(thrown);
    await noteSuperseded(state, [error], now());
    throw error;
  } finally {
    await cluster.close();
  }
}

export interface SecureBackupsOptions extends Pick<BackUpOptions, 'recorded' | 'place' | 'tell' | 'now' | 'signal'> {
  /** Version that wrote the newest one, without a leading `v`. */
  etcd: string;
}

/** What snapshots need beside themselves: the tool of a restore in the cache, and copies elsewhere. What cannot be had is told. */
export async function secureBackups({ recorded, place, etcd, tell, now, signal }: SecureBackupsOptions): Promise<void> {
  const { cache, source } = await openContent(place, { progress: () => {}, signal, recheck: false });
  const obtain = (arch: Arch) => etcdutl({ source, cache, version: etcd, arch, progress: () => {}, signal });
  for (const { message } of await pinEtcdutl(recorded, obtain, signal))
    tell(`etcdutl ${etcd}, which a restore needs, could not be had: ${message}`);
  const uncopied = await copyBackups(recorded, now, signal);
  if (uncopied) tell(`warning: not all snapshots were copied: ${uncopied.message}`);
}

export interface KeepOptions extends TakeSnapshotOptions {
  state: StateDir;
}

/** Takes one as the only one who writes to the store, and lets older ones go. @throws refusal `locked` as `holdStore` */
export function keepSnapshot(options: KeepOptions): Promise<BackedUp> {
  const { state, store, reason: command, now } = options;
  const onWait = ({ command: other, pid }: LockOwner) => waitsFor(`${other} (pid ${pid}) writes to the snapshots`);
  return holdStore({ store, command, now, onWait, signal: options.signal }, async () => {
    const snapshot = await takeSnapshot(options);
    return { snapshot, pruned: await prune({ state, store, now: now() }) };
  });
}

/** An `up` beside it may have recorded another life before it started it: what was read may be of that one. */
async function requireSameLife({ record, state }: RecordedCluster): Promise<void> {
  await requireInUse(state);
  const now = await readClusterRecord(state);
  if (now?.etcd.incarnation === record.etcd.incarnation && now.etcd.phase === record.etcd.phase) return;
  throw refusal({
    code: 'snapshot-of-another-life',
    message: 'an up began another life of the etcd data while the snapshot was taken',
    hint: 'that up keeps one itself; k8s-diskless backup takes another when it is done',
  });
}

export interface PruneOptions {
  state: StateDir;
  store: SnapshotStore;
  now: Date;
}

/** IDs of what went, and with it what the log has of the time before. Only for the holder of the store's lock. */
export async function prune({ state, store, now }: PruneOptions): Promise<string[]> {
  const { snapshots, damaged } = await listSnapshots(store);
  // A life that was begun from one and is not finished may have to begin again, from the same. Read now: an `up` may
  // have begun it meanwhile.
  const record = await readClusterRecord(state);
  if (record === undefined) return [];
  const { origin, phase } = record.etcd;
  const { keep, keepDays } = record.spec.backup;
  const needed = new Set(origin && phase === 'bootstrapping' ? [origin.snapshot] : []);
  const gone = prunable({ snapshots, policy: policyOf(keep, keepDays), needed, now: now.getTime() });
  for (const id of gone) await removeSnapshot(store, id);
  const kept = snapshots.filter(({ id }) => !gone.includes(id));
  // Damaged ones may be put right.
  await pruneLog(store, [...loggedOnes(kept, { keep, needed }), ...damaged]);
  return gone;
}

async function pruneLog(store: SnapshotStore, bases: readonly { id: string }[]): Promise<void> {
  const positions = bases.map(({ id }) => {
    const { incarnation, revision } = positionOf(id);
    return { incarnation, revision: Number(revision) };
  });
  const segments = await listSegments(logStore(store));
  for (const each of prunableSegments({ segments, kept: positions })) await removeSegment(each);
}

function requireEtcd({ etcd, spec }: ClusterRecord): void {
  if (etcd.phase === 'bootstrapped') return;
  throw refusal({
    code: 'snapshot-no-etcd',
    message: `the etcd of cluster ${spec.name} was never brought up whole: there is nothing to keep yet`,
    hint: 'k8s-diskless up',
  });
}
