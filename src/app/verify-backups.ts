import { findSnapshot, listSnapshots, snapshotStore, storeOfId, strayStore } from '../backup/snapshot-store.js';
import { verifySnapshot } from '../backup/verify-snapshot.js';
import type { RecordedCluster } from '../cluster/recorded-cluster.js';
import { DisklessError, ownError } from '../errors.js';

export interface VerifiedBackup {
  id: string;
  /** Absent: it is whole. */
  problem?: DisklessError;
}

export interface VerifyBackupsOptions {
  recorded: RecordedCluster;
  /** Empty: all of them. */
  ids: readonly string[];
  /** Told of each as soon as it is known. */
  onVerified: (verified: VerifiedBackup) => void;
  signal: AbortSignal;
}

/** `backups verify`: reads each from its first byte to its last. @returns how many are damaged */
export async function verifyBackups({ recorded, ids, onVerified, signal }: VerifyBackupsOptions): Promise<number> {
  const { state } = recorded;
  const [kept, strays] = await Promise.all([snapshotStore(state), strayStore(state)].map(listSnapshots));
  const all = [...(kept?.snapshots ?? []), ...(strays?.snapshots ?? [])];
  const damaged = [...(kept?.damaged ?? []), ...(strays?.damaged ?? [])];
  const find = (id: string) => findSnapshot(storeOfId(state, id), id);
  const chosen = ids.length === 0 ? all : await Promise.all(ids.map(find));
  const broken = ids.length === 0 ? damaged.map(damagedSidecar) : [];
  for (const each of broken) onVerified(each);
  let count = broken.length;
  for (const snapshot of chosen) {
    const problem = await verifySnapshot(storeOfId(state, snapshot.id), snapshot, signal).then(
      () => undefined,
      ownError,
    );
    signal.throwIfAborted();
    if (problem) count += 1;
    onVerified({ id: snapshot.id, ...(problem && { problem }) });
  }
  return count;
}

function damagedSidecar({ id, why }: { id: string; why: string }): VerifiedBackup {
  const message = `the snapshot ${id} cannot be used: ${why}`;
  return { id, problem: new DisklessError({ code: 'snapshot-damaged', message }) };
}
