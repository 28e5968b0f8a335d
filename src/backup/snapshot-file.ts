import { createTrailingHashCheck } from '../etcd-file/trailing-hash.js';
import { readIn } from '../sealed/read-in.js';
import { type SealFor, seal } from '../sealed/seal.js';
import { type TarFile, tarOf } from '../sealed/tar-write.js';
import type { SnapshotInfo } from './snapshot-info.js';
import { databasePath, type SnapshotStore } from './snapshot-store.js';
import { otherBytes } from './verify-snapshot.js';

export interface SnapshotFileOptions {
  store: SnapshotStore;
  snapshot: SnapshotInfo;
  /** undefined: in plain. */
  to: SealFor | undefined;
  signal: AbortSignal;
}

/**
 * A snapshot as one file: an archive of its sidecar and its database, in this order and under their names in the store,
 * sealed. Read through once.
 *
 * @throws DisklessError `snapshot-damaged`, when all but its end was given
 */
export function snapshotFile({ store, snapshot, to, signal }: SnapshotFileOptions): AsyncIterable<Uint8Array> {
  const sidecar = Buffer.from(`${JSON.stringify(snapshot, null, 2)}\n`);
  const { id, sizeBytes, takenAt } = snapshot;
  const files: TarFile[] = [
    { name: `${id}.json`, sizeBytes: sidecar.length, content: once(sidecar) },
    { name: `${id}.db`, sizeBytes, content: checked(store, snapshot, signal) },
  ];
  const archive = tarOf(files, new Date(takenAt));
  return to === undefined ? archive : seal(archive, to);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** What is given away is what was verified. */
async function* checked(
  store: SnapshotStore,
  { id, sha256 }: SnapshotInfo,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const check = createTrailingHashCheck();
  for await (const chunk of readIn(databasePath(store, id), signal)) {
    check.update(chunk);
    yield chunk;
  }
  const found = check.result();
  if (found.verdict !== 'right' || found.sha256 !== sha256) throw otherBytes(id);
}
