import { type HoldStoreOptions, holdStore } from '../backup/hold-store.js';
import { snapshotStore } from '../backup/snapshot-store.js';
import type { RecordedCluster } from '../cluster/recorded-cluster.js';
import { requireInUse } from '../state/retired.js';
import { prune } from './backup.js';

/** `backups prune`: IDs of what went, once no snapshot is taken. */
export function pruneBackups(
  { state }: RecordedCluster,
  { now, ...waiting }: Pick<HoldStoreOptions, 'now' | 'onWait' | 'signal'>,
): Promise<string[]> {
  const store = snapshotStore(state);
  return holdStore({ store, command: 'backups prune', now, ...waiting }, async () => {
    await requireInUse(state);
    return prune({ state, store, now: now() });
  });
}
