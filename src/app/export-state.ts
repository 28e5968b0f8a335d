import { holdStore } from '../backup/hold-store.js';
import { snapshotStore } from '../backup/snapshot-store.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { type SealFor, seal } from '../sealed/seal.js';
import { type StateHeader, stateFiles } from '../sealed/state-files.js';
import { tarOf } from '../sealed/tar-write.js';
import { type OutFile, requireFree, writeOut } from '../sealed/write-out.js';
import type { Lock } from '../state/lock.js';
import type { StateDir } from '../state/state-dir.js';

export interface ExportStateOptions {
  state: StateDir;
  out: OutFile;
  to: SealFor;
  /** Takes the lock at this path; it is given back when nothing is done any more. */
  lock: (path: string) => Promise<Lock>;
  now: () => Date;
  signal: AbortSignal;
}

/** What it calls itself in the locks that it holds. */
export const STATE_EXPORT = 'state export';

/**
 * `state export`: a sealed copy of the operator's memory of a cluster, for the day its disk is lost. It has the keys of
 * the cluster's authorities, and so is never left open.
 *
 * @throws usage errors where no cluster is recorded, and of `writeOut`; refusal `locked` while a run writes
 */
export async function exportState({ state, out, to, lock, now, signal }: ExportStateOptions): Promise<StateHeader> {
  await recordedCluster(state);
  await requireFree(out);
  const held = await lock(state.lock);
  try {
    return await holdStore({ store: snapshotStore(state), command: STATE_EXPORT, now, signal }, async () => {
      const { record } = await recordedCluster(state);
      const { clusterId, spec } = record;
      const at = now();
      const header = { version: 1 as const, cluster: spec.name, clusterId, exportedAt: at.toISOString() };
      await writeOut(seal(tarOf(stateFiles(state, header, signal), at), to), out);
      return header;
    });
  } finally {
    held.release();
  }
}
