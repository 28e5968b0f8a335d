import { holdStore } from '../backup/hold-store.js';
import { snapshotStore } from '../backup/snapshot-store.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { type SealFor, seal } from '../sealed/seal.js';
import { type StateHeader, stateFiles } from '../sealed/state-files.js';
import { tarOf } from '../sealed/tar-write.js';
import { type OutFile, requireFree, writeOut } from '../sealed/write-out.js';
import { acquireLock } from '../state/lock.js';
import type { StateDir } from '../state/state-dir.js';

export interface ExportStateOptions {
  state: StateDir;
  out: OutFile;
  to: SealFor;
  now: () => Date;
  signal: AbortSignal;
}

const COMMAND = 'state export';

/**
 * `state export`: a sealed copy of the operator's memory of a cluster, for the day its disk is lost. It has the keys of
 * the cluster's authorities, and so is never left open.
 *
 * @throws usage errors where no cluster is recorded, and of `writeOut`; refusal `locked` while a run or a backup writes
 */
export async function exportState({ state, out, to, now, signal }: ExportStateOptions): Promise<StateHeader> {
  await recordedCluster(state);
  await requireFree(out);
  const lock = await acquireLock({ path: state.lock, command: COMMAND, now });
  try {
    return await holdStore({ store: snapshotStore(state), command: COMMAND, now }, async () => {
      const { record } = await recordedCluster(state);
      const { clusterId, spec } = record;
      const at = now();
      const header = { version: 1 as const, cluster: spec.name, clusterId, exportedAt: at.toISOString() };
      await writeOut(seal(tarOf(stateFiles(state, header, signal), at), to), out);
      return header;
    });
  } finally {
    lock.release();
  }
}
