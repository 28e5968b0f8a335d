import { rm } from 'node:fs/promises';
import { DisklessError, refusal, usageError } from '../errors.js';
import { openSealed, type UnsealAsked } from '../sealed/open-sealed.js';
import { filesOf, NoArchive } from '../sealed/tar-read.js';
import type { TarFile } from '../sealed/tar-write.js';
import { receiveFile } from './receive.js';
import { type SnapshotInfo, snapshotInfoSchema } from './snapshot-info.js';
import { databasePath, listSnapshots, placeSnapshot, type SnapshotStore } from './snapshot-store.js';
import { requireContents, verifySnapshot } from './verify-snapshot.js';

export interface ImportOptions {
  /** Whose lock the caller holds. */
  store: SnapshotStore;
  /** Path of a file of `backup --out`. */
  file: string;
  /** Asked only where it is sealed. */
  unsealWith: UnsealAsked;
  /** Why one is not wanted, each as the end of a sentence; asked before more than its beginning is read. */
  problemsOf: (info: SnapshotInfo) => string[];
  signal: AbortSignal;
}

/** What such a sidecar has as its reason. */
const REASON = 'file';
/** A sidecar has some hundred bytes; whoever says more is none. */
const MAX_SIDECAR_BYTES = 1024 * 1024;

/**
 * Brings a snapshot that left the state directory back into the store, under its own ID, once it was read to its end and
 * verified like one that is taken. Until then, and after any failure, the store is as it was. One that is there and whole
 * stays.
 *
 * @throws usage errors `snapshot-file-unknown`, `snapshot-file-damaged`, `snapshot-file-unusable`, `state-not-usable`, and
 *   of what is sealed; refusal `snapshot-foreign-etcd`
 */
export async function importSnapshot(options: ImportOptions): Promise<SnapshotInfo> {
  const { file, unsealWith, signal } = options;
  const files = filesOf(await openSealed({ file, unsealWith, signal }));
  try {
    const info = await readSidecar(files, options);
    return await readInto(files, info, options);
  } catch (error) {
    throw error instanceof NoArchive ? damaged(file, 'it was cut off, or changed') : error;
  } finally {
    await files.return(undefined);
  }
}

type Files = AsyncGenerator<TarFile, void>;

async function readSidecar(files: Files, { file, problemsOf, store }: ImportOptions): Promise<SnapshotInfo> {
  const first = await files.next().catch((error: unknown) => {
    throw error instanceof NoArchive ? unknown(file) : error;
  });
  if (first.done || first.value.sizeBytes > MAX_SIDECAR_BYTES) throw unknown(file);
  const parts: Uint8Array[] = [];
  for await (const part of first.value.content) parts.push(part);
  const info = parsed(Buffer.concat(parts).toString());
  if (info === undefined || first.value.name !== `${info.id}.json`) throw unknown(file);
  const [problem] = problemsOf(info);
  if (problem !== undefined) throw unusable(file, info, problem);
  await requireSameEtcd(info, store, file);
  return { ...info, reason: REASON };
}

function parsed(text: string): SnapshotInfo | undefined {
  try {
    return snapshotInfoSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** One ID must not name two histories. */
async function requireSameEtcd(info: SnapshotInfo, store: SnapshotStore, file: string): Promise<void> {
  const { snapshots } = await listSnapshots(store);
  const { incarnation, etcdClusterId } = info;
  const other = snapshots.find((each) => each.incarnation === incarnation && each.etcdClusterId !== etcdClusterId);
  if (other === undefined) return;
  throw refusal({
    code: 'snapshot-foreign-etcd',
    message: `${file} is of another etcd than ${other.id}, under the same incarnation ${incarnation}`,
    hint: 'two operators went on from one state: find out which of them is current, and use its state directory',
  });
}

async function readInto(files: Files, info: SnapshotInfo, options: ImportOptions): Promise<SnapshotInfo> {
  const { store, file, signal } = options;
  const second = await files.next();
  if (second.done || second.value.name !== `${info.id}.db`) throw damaged(file, 'no database follows its sidecar');
  const { temporary, ...received } = await receiveFile(second.value.content, databasePath(store, 'incoming')).catch(
    (error: unknown) => {
      throw isDamage(error) ? damaged(file, error.message) : error;
    },
  );
  try {
    // What is sealed is whole only if its end is.
    if (!(await files.next()).done) throw damaged(file, 'more than a snapshot is in it');
    if (received.sha256 !== info.sha256) throw damaged(file, 'its SHA-256 is another one than when it was taken');
    await requireContents(temporary, info, signal).catch((error: unknown) => {
      throw isDamage(error) ? damaged(file, error.message) : error;
    });
    return await commit(store, temporary, info, signal);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function commit(
  store: SnapshotStore,
  temporary: string,
  info: SnapshotInfo,
  signal: AbortSignal,
): Promise<SnapshotInfo> {
  const { snapshots } = await listSnapshots(store);
  const same = snapshots.find(({ id }) => id === info.id);
  if (same) {
    const isWhole = await verifySnapshot(store, same, signal).then(
      () => true,
      (error: unknown) => {
        if (!isDamage(error)) throw error;
        return false;
      },
    );
    if (isWhole) return same;
  }
  await placeSnapshot(store, temporary, info);
  return info;
}

const isDamage = (error: unknown): error is DisklessError =>
  error instanceof DisklessError && error.code === 'snapshot-damaged';

function unknown(file: string): DisklessError {
  return usageError({
    code: 'snapshot-file-unknown',
    message: `${file} is no snapshot that backup --out wrote, or of a later release`,
    hint: 'name a file of backup --out, or the ID of a snapshot that k8s-diskless backups lists',
  });
}

function damaged(file: string, why: string): DisklessError {
  return usageError({
    code: 'snapshot-file-damaged',
    message: `${file} is damaged: ${why}`,
    hint: 'take another copy of it; those that are kept are as they were',
  });
}

function unusable(file: string, { id, takenAt }: SnapshotInfo, why: string): DisklessError {
  return usageError({
    code: 'snapshot-file-unusable',
    message: `the snapshot ${id} of ${takenAt} in ${file} cannot be used: ${why}`,
    hint: 'name another one; k8s-diskless backups lists those that are kept',
  });
}
