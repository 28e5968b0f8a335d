import type { SnapshotInfo } from '../backup/snapshot-info.js';
import { listSnapshots, type SnapshotStore } from '../backup/snapshot-store.js';
import { type LogStore, prepareLog } from './log-store.js';
import { LogWriter } from './log-writer.js';
import { readChain } from './read-chain.js';

export interface OpenLogOptions {
  snapshots: SnapshotStore;
  store: LogStore;
  clusterId: string;
  incarnation: number;
  signal: AbortSignal;
}

export interface OpenLog {
  writer: LogWriter;
  /** The snapshot that it goes on from. */
  base: SnapshotInfo;
}

/** Where the log of an incarnation goes on: after all that follows its newest snapshot. Undefined: it has none. */
export async function openLog(options: OpenLogOptions): Promise<OpenLog | undefined> {
  const { snapshots, store, clusterId, incarnation, signal } = options;
  const listed = await listSnapshots(snapshots);
  const base = listed.snapshots.find((each) => each.clusterId === clusterId && each.incarnation === incarnation);
  if (base === undefined) return undefined;
  await prepareLog(store);
  const { revision } = await readChain({ store, snapshot: base, signal });
  const { etcdClusterId, id, sha256 } = base;
  const origin = { clusterId, etcdClusterId, incarnation, base: { id, sha256 } };
  return { writer: await LogWriter.open({ store, origin, after: revision }), base };
}
