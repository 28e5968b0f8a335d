import { DisklessError } from '../errors.js';
import { checkTrailingHash } from '../etcd-file/trailing-hash.js';
import { openDatabase, readDatabase, revisionOf } from './read-database.js';
import type { SnapshotInfo } from './snapshot-info.js';
import { databasePath, type SnapshotStore } from './snapshot-store.js';

/** Reads a stored snapshot again from its first byte to its last. @throws DisklessError `snapshot-damaged` */
export async function verifySnapshot(store: SnapshotStore, info: SnapshotInfo, signal: AbortSignal): Promise<void> {
  await requireSameBytes(store, info, signal);
  await requireContents(databasePath(store, info.id), info, signal);
}

/** Its pages are sound, and it holds what its sidecar says. @throws DisklessError `snapshot-damaged` */
export async function requireContents(path: string, info: SnapshotInfo, signal: AbortSignal): Promise<void> {
  const isOwnFile = info.stray?.how === 'file';
  const contents = await readDatabase(path, signal, { isOwnFile }).catch((error: unknown) => {
    if (error instanceof DisklessError && error.code === 'snapshot-damaged') throw damaged(info.id, error.message);
    throw error;
  });
  if (revisionOf(contents) !== info.revision || contents.liveKeys !== info.keys)
    throw damaged(info.id, 'it holds something else than when it was taken');
}

/** The file is the one that was verified when it was taken. @throws DisklessError `snapshot-damaged` */
export async function requireSameBytes(store: SnapshotStore, info: SnapshotInfo, signal: AbortSignal): Promise<void> {
  const file = await openDatabase(databasePath(store, info.id));
  const { verdict, sha256 } = await checkTrailingHash(file, signal).finally(() => file.close());
  if (verdict === 'right' && sha256 === info.sha256) return;
  throw otherBytes(info.id);
}

export const otherBytes = (id: string): DisklessError =>
  damaged(id, 'its SHA-256 is another one than when it was taken');

function damaged(id: string, why: string): DisklessError {
  return new DisklessError({
    code: 'snapshot-damaged',
    message: `the snapshot ${id} is damaged: ${why}`,
    hint: 'k8s-diskless backup takes another one while the cluster lives; the disk may be bad',
  });
}
