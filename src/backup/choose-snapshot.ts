import { knownVersion } from '../config/known-version.js';
import type { ClusterSpec } from '../config/spec.js';
import { ownError } from '../errors.js';
import { newestFirst, positionOf } from '../state/position.js';
import type { EtcdRecord } from '../state/records.js';
import { assumedText, restoreProblems } from './restorable.js';
import { isStrayId, type SnapshotInfo } from './snapshot-info.js';
import { listSnapshots, newestKnownId, type SnapshotStore } from './snapshot-store.js';
import { verifySnapshot } from './verify-snapshot.js';

export interface ChooseOptions {
  store: SnapshotStore;
  /** What a person named, or an unfinished life began with, may be one of these; by itself nothing begins with one. */
  strays: SnapshotStore;
  /** Of the recorded cluster. */
  clusterId: string;
  etcd: EtcdRecord;
  /** What is to be brought up. */
  spec: Pick<ClusterSpec, 'kubernetes' | 'etcd'>;
  encryptionKeys: ReadonlySet<string>;
  /** ID that a person named. */
  named: string | undefined;
  signal: AbortSignal;
}

/**
 * `why`: a sentence without a period. `ways`: how it becomes usable. `older`: the newest of those before it that is. `broken`:
 * ID of the newest, where nobody asked for it and its file alone is what keeps it from being used.
 */
export type Choice =
  | { kind: 'none' }
  | { kind: 'usable'; snapshot: SnapshotInfo }
  | { kind: 'unusable'; why: string; ways: string; older?: SnapshotInfo; broken?: string };

/**
 * What a next life of etcd's data would begin from: what a person named, else what an unfinished one began with, else the
 * newest. An older one is never taken here in the place of one that is missing or damaged: nobody would be told what is lost.
 */
export async function chooseSnapshot(options: ChooseOptions): Promise<Choice> {
  const { store, strays, etcd, named, signal } = options;
  const stored = await listSnapshots(store);
  // Once it has a snapshot of its own, that is the newest, and holds all that this one does.
  const isKept = etcd.origin?.phase === 'kept';
  const unfinished = etcd.phase === 'bootstrapping' && !isKept ? etcd.origin?.snapshot : undefined;
  const id = named ?? unfinished ?? (await newestKnownId(store, stored));
  const own = id !== undefined && isStrayId(id) ? strays : store;
  const isNewest = named === undefined && unfinished === undefined;
  const unusable = (why: string, isBroken = false): Choice => {
    const ways = `put it back into ${own.directory}, whole, with its sidecar`;
    const before = positionOf(id ?? '');
    const [older] = stored.snapshots.filter(
      (each) => newestFirst(each, before) > 0 && problemsOf(each, options).length === 0,
    );
    const broken = isBroken && isNewest ? id : undefined;
    return { kind: 'unusable', why, ways, ...(older && { older }), ...(broken !== undefined && { broken }) };
  };
  // A life that was made of a snapshot had a past, though nothing is left of the store that says so.
  if (id === undefined) return etcd.origin ? unusable('every snapshot is missing') : { kind: 'none' };
  const found = own === store ? stored : await listSnapshots(own);
  const snapshot = found.snapshots.find((each) => each.id === id);
  if (snapshot === undefined) {
    const damage = found.damaged.find((each) => each.id === id);
    return unusable(`the snapshot ${id} ${damage ? `is damaged: ${damage.why}` : 'is missing'}`, true);
  }
  const [problem] = problemsOf(snapshot, options);
  if (problem !== undefined) return unusable(`the snapshot ${id} cannot be used: ${problem}`);
  const damage = await verifySnapshot(own, snapshot, signal).then(() => undefined, ownError);
  signal.throwIfAborted();
  return damage ? unusable(damage.message, true) : { kind: 'usable', snapshot };
}

/** Why it cannot be restored into that cluster, each as the end of a sentence; empty where it can. Pure. */
export function problemsOf(
  snapshot: SnapshotInfo,
  { clusterId, encryptionKeys, spec }: Pick<ChooseOptions, 'clusterId' | 'encryptionKeys' | 'spec'>,
): string[] {
  const minors = [snapshot.kubernetes, spec.kubernetes].map((version) => knownVersion(version)?.minor ?? 0);
  const [was = 0, becomes = 0] = minors;
  const isFollowed = becomes === was || becomes === was + 1;
  const assumed = assumedText(snapshot);
  return [
    // Whether the tool can be had is seen when the archive is made, before the new life is recorded.
    ...restoreProblems({ snapshot, clusterId, encryptionKeys, toolProblem: undefined }),
    ...(isFollowed
      ? []
      : [`Kubernetes ${spec.kubernetes} does not go on with what ${snapshot.kubernetes} wrote${assumed}`]),
    ...(isNewerMinor(snapshot.etcd, spec.etcd)
      ? [`etcd ${spec.etcd} is older than ${snapshot.etcd}, which wrote it${assumed}`]
      : []),
  ];
}

function isNewerMinor(one: string, other: string): boolean {
  const [[major = 0, minor = 0], [otherMajor = 0, otherMinor = 0]] = [numbers(one), numbers(other)];
  return major > otherMajor || (major === otherMajor && minor > otherMinor);
}

const numbers = (version: string): number[] => version.split('.').map(Number);
