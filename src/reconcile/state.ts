import type { PkiStore } from '../pki/store.js';
import type { ClusterRecord, NodeRecord } from '../state/records.js';
import type { UsersRecord } from '../users/user-records.js';

/** The operator's memory as a run needs it; `plan` gets one that writes nothing. */
export interface ReconcileState {
  pki: PkiStore;
  saveCluster(record: ClusterRecord): Promise<void>;
  saveNodes(records: readonly NodeRecord[]): Promise<void>;
  /** The keys of jump hosts that are believed by now. */
  saveJumpHosts(): Promise<void>;
  /** People, as last applied. */
  readUsers(): Promise<UsersRecord>;
  saveUsers(record: UsersRecord): Promise<void>;
  saveKubeconfig(text: string): Promise<void>;
  /** Keeps evidence (a failed unit's log) with this run; resolves to the path for the report. */
  saveEvidence(name: string, text: string): Promise<string>;
}
