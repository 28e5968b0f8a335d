import { holdStore } from '../backup/hold-store.js';
import { snapshotStore } from '../backup/snapshot-store.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { type SealFor, seal } from '../sealed/seal.js';
import { type StateHeader, stateFiles } from '../sealed/state-files.js';
import { tarOf } from '../sealed/tar-write.js';
import { type OutFile, requireFree, writeOut } from '../sealed/write-out.js';
import type { Lock } from '../state/lock.js';
import type { LockOwner } from '../state/lock-owner.js';
import { requireInUse, retire } from '../state/retired.js';
import type { StateDir } from '../state/state-dir.js';

export interface ExportStateOptions {
  state: StateDir;
  out: OutFile;
  to: SealFor;
  /** Hands it over: this one is only read from then on. */
  move: boolean;
  /** Takes the lock at this path; it is given back when nothing is done any more. */
  lock: (path: string) => Promise<Lock>;
  now: () => Date;
  /** Told once for whom it waits who writes to the snapshots. */
  onWait?: (owner: LockOwner) => void;
  signal: AbortSignal;
}

/** What it calls itself in the locks that it holds. */
export const STATE_EXPORT = 'state export';

/**
 * `state export`: a sealed copy of the operator's memory of a cluster, for the day its disk is lost. It has the keys of
 * the cluster's authorities, and so is never left open. With `move` the state is retired before the file has its name:
 * killed between the two, there is none that acts, and `state take-back` brings this one back.
 *
 * @throws usage errors where no cluster is recorded, and of `writeOut`; refusals `locked` while a run writes,
 *   `state-retired`
 */
export async function exportState(options: ExportStateOptions): Promise<StateHeader> {
  const { state, out, to, move, lock, now, onWait, signal } = options;
  await recordedCluster(state);
  await requireInUse(state);
  await requireFree(out);
  const held = await lock(state.lock);
  try {
    const store = snapshotStore(state);
    return await holdStore({ store, command: STATE_EXPORT, now, ...(onWait && { onWait }), signal }, async () => {
      await requireInUse(state);
      const { record } = await recordedCluster(state);
      const { clusterId, spec } = record;
      const at = now();
      const exportedAt = at.toISOString();
      const header = { version: 1 as const, cluster: spec.name, clusterId, exportedAt, moved: move };
      const beforeNamed = () => retire(state, { at: exportedAt, to: out.path });
      const sealed = seal(tarOf(stateFiles(state, header, signal), at), to);
      await writeOut(sealed, { ...out, ...(move && { beforeNamed }) });
      return header;
    });
  } finally {
    held.release();
  }
}
