import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { DisklessError } from '../errors.js';
import type { ClusterRecord } from '../state/records.js';
import { readDatabase } from './read-database.js';
import { receiveFile } from './receive.js';
import { type SnapshotInfo, strayId } from './snapshot-info.js';
import { databasePath, listSnapshots, placeSnapshot, type SnapshotStore } from './snapshot-store.js';
import type { StrayVersions } from './stray-versions.js';
import { infoOf, isWhole } from './take-snapshot.js';

/** One member's data on its way to the operator. */
export interface StraySource {
  node: string;
  /** Of the data, which need not be the recorded one. */
  incarnation: number;
  how: 'snapshot' | 'file';
  /** Version of the etcd that gave it, without a leading `v`; a file does not say it. */
  etcd?: string;
  /** As the member said it; a file does not. */
  etcdClusterId?: string;
  chunks: AsyncIterable<Buffer>;
}

export interface KeepStrayOptions {
  /** Of strays; whose lock the caller holds. */
  store: SnapshotStore;
  record: Pick<ClusterRecord, 'clusterId' | 'spec' | 'etcd'>;
  source: StraySource & { etcdClusterId: string };
  /** What wrote it, and who says so. */
  versions: StrayVersions;
  /** What it is taken for. */
  reason: string;
  now: () => Date;
  signal: AbortSignal;
}

/**
 * A copy of a member's data before that goes: checked to the last page and durable when this returns. One of the same
 * revision that is there and whole stays in its place.
 *
 * @throws DisklessError `snapshot-damaged`; `state-not-usable` of a full disk; what the stream throws. Nothing is left then.
 */
export async function keepStray(options: KeepStrayOptions): Promise<SnapshotInfo> {
  const { store, record, source, versions, reason, now, signal } = options;
  const { node, incarnation, how, etcdClusterId } = source;
  const { kubernetes, etcd, said: versionsBy } = versions;
  const isOwnFile = how === 'file';
  const takenAt = now().toISOString();
  const chunks = isOwnFile ? withTrailingHash(source.chunks) : source.chunks;
  const { temporary, ...file } = await receiveFile(chunks, databasePath(store, 'incoming'));
  try {
    const contents = await readDatabase(temporary, signal, { isOwnFile });
    const said = infoOf({ record, reason, node, etcd, etcdClusterId, takenAt, contents, file });
    const id = strayId({ incarnation, revision: said.revision, node });
    const info: SnapshotInfo = { ...said, id, incarnation, kubernetes, stray: { how, versions: versionsBy } };
    const same = (await listSnapshots(store)).snapshots.find((each) => each.id === id);
    if (same && (await isWhole(store, same, signal))) return same;
    await placeSnapshot(store, temporary, info);
    return info;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Divides the size of a page on every system. */
const SECTOR_BYTES = 512;

/** A member's own file has no hash at its end: with one it is a snapshot like all others, for etcd's tools too. */
async function* withTrailingHash(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
    yield chunk;
  }
  if (bytes === 0 || bytes % SECTOR_BYTES !== 0) {
    const message = `the file of its etcd data came with ${bytes} bytes, which are no whole pages`;
    throw new DisklessError({ code: 'snapshot-damaged', message });
  }
  yield hash.digest();
}
