import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PkiStore } from '../pki/store.js';
import type { ReconcileState } from '../reconcile/state.js';
import { writeClusterRecord, writeKubeconfig, writeNodeRecords } from '../state/record-files.js';
import type { StateDir } from '../state/state-dir.js';

/** The operator's memory on disk. */
export function persistentState(state: StateDir, runDirectory: string, pki: PkiStore): ReconcileState {
  return {
    pki,
    saveCluster: (record) => writeClusterRecord(state, record),
    saveNodes: (records) => writeNodeRecords(state, records),
    saveKubeconfig: (text) => writeKubeconfig(state, text),
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
  return { pki, saveCluster: refuse, saveNodes: refuse, saveKubeconfig: refuse, saveEvidence: refuse };
}
