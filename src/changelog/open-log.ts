import type { SnapshotInfo } from '../backup/snapshot-info.js';
import { listSnapshots, type SnapshotStore } from '../backup/snapshot-store.js';
import { type LogStore, prepareLog, syncSegments } from './log-store.js';
import { LogWriter } from './log-writer.js';
import { readChain } from './read-chain.js';

export interface OpenLogOptions {
  snapshots: SnapshotStore;
  store: LogStore;
  clusterId: string;
  incarnation: number;
  /**
   * What this process knows to be on the disk, once it wrote: after a failure to bring more there it can still be read, and
   * brought there without an error, and need not be there.
   */
  syncedTo: number | undefined;
  signal: AbortSignal;
}

export interface OpenLog {
  writer: LogWriter;
  /** The snapshot that it goes on from. */
  base: SnapshotInfo;
}

/**
 * Where the log of an incarnation goes on: after all that follows its newest snapshot, as far as that is on the disk.
 * Undefined: it has no snapshot.
 */
export async function openLog(options: OpenLogOptions): Promise<OpenLog | undefined> {
  const { snapshots, store, clusterId, incarnation, syncedTo, signal } = options;
  const listed = await listSnapshots(snapshots);
  const base = listed.snapshots.find((each) => each.clusterId === clusterId && each.incarnation === incarnation);
  if (base === undefined) return undefined;
  await prepareLog(store);
  const { revision, read } = await readChain({ store, snapshot: base, signal });
  await syncSegments(store, read);
  const after = Math.max(Number(base.revision), Math.min(revision, syncedTo ?? revision));
  const { etcdClusterId, id, sha256 } = base;
  const origin = { clusterId, etcdClusterId, incarnation, base: { id, sha256 } };
  return { writer: await LogWriter.open({ store, origin, after }), base };
}
