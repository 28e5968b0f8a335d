import { DisklessError } from '../errors.js';
import { checkTrailingHash, type TrailingHash } from '../etcd-file/trailing-hash.js';
import { openDatabase, readDatabase, revisionOf } from './read-database.js';
import type { SnapshotInfo } from './snapshot-info.js';
import { databasePath, type SnapshotStore } from './snapshot-store.js';

/** Reads a stored snapshot again from its first byte to its last. @throws DisklessError `snapshot-damaged` */
export async function verifySnapshot(store: SnapshotStore, info: SnapshotInfo, signal: AbortSignal): Promise<void> {
  const path = databasePath(store, info.id);
  const { verdict, sha256 } = await hashOf(path, signal);
  if (verdict !== 'right' || sha256 !== info.sha256)
    throw damaged(info.id, 'its SHA-256 is another one than when it was taken');
  const contents = await readDatabase(path, signal).catch((error: unknown) => {
    if (error instanceof DisklessError && error.code === 'snapshot-damaged') throw damaged(info.id, error.message);
    throw error;
  });
  if (revisionOf(contents) !== info.revision || contents.liveKeys !== info.keys)
    throw damaged(info.id, 'it holds something else than when it was taken');
}

async function hashOf(path: string, signal: AbortSignal): Promise<TrailingHash> {
  const file = await openDatabase(path);
  return checkTrailingHash(file, signal).finally(() => file.close());
}

function damaged(id: string, why: string): DisklessError {
  return new DisklessError({
    code: 'snapshot-damaged',
    message: `the snapshot ${id} is damaged: ${why}`,
    hint: 'k8s-diskless backup takes another one while the cluster lives; the disk may be bad',
  });
}
