import { holdStore } from '../backup/hold-store.js';
import { snapshotStore } from '../backup/snapshot-store.js';
import type { RecordedCluster } from '../cluster/recorded-cluster.js';
import { prune } from './backup.js';

/** `backups prune`: IDs of what went. @throws refusal `locked` while a snapshot is taken */
export function pruneBackups({ state }: RecordedCluster, now: () => Date): Promise<string[]> {
  const store = snapshotStore(state);
  return holdStore({ store, command: 'backups prune', now }, () => prune({ state, store, now: now() }));
}
