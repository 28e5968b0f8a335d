import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PkiStore } from '../pki/store.js';
import type { ReconcileState } from '../reconcile/state.js';
import type { HostKey } from '../ssh/transport.js';
import { writeClusterRecord, writeJumpHosts, writeKubeconfig, writeNodeRecords } from '../state/record-files.js';
import type { StateDir } from '../state/state-dir.js';
import { readUsers, writeUsers } from '../users/user-records.js';

export interface PersistentState {
  state: StateDir;
  runDirectory: string;
  pki: PkiStore;
  /** Filled by whoever connects. */
  jumpHosts: ReadonlyMap<string, HostKey>;
}

/** The operator's memory on disk. */
export function persistentState({ state, runDirectory, pki, jumpHosts }: PersistentState): ReconcileState {
  return {
    pki,
    saveCluster: (record) => writeClusterRecord(state, record),
    saveNodes: (records) => writeNodeRecords(state, records),
    saveJumpHosts: async () => (jumpHosts.size > 0 ? writeJumpHosts(state, jumpHosts) : undefined),
    saveKubeconfig: (text) => writeKubeconfig(state, text),
    readUsers: () => readUsers(state),
    saveUsers: (record) => writeUsers(state, record),
    async saveEvidence(name, text) {
      const path = join(runDirectory, name);
      await writeFile(path, text, { mode: 0o600 });
      return path;
    },
  };
}

/** `plan` remembers nothing: a write that got this far is a bug. */
export function forgetfulState(pki: PkiStore): ReconcileState {
  const refuse = (): Promise<never> => Promise.reject(new Error('plan must not write state'));
  const refused = { saveCluster: refuse, saveNodes: refuse, saveJumpHosts: refuse, saveKubeconfig: refuse };
  const users = { readUsers: refuse, saveUsers: refuse };
  return { pki, ...refused, ...users, saveEvidence: refuse };
}
