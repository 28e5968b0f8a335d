import { DEFAULT_RETENTION } from '../backup/retention.js';
import { prepareStore, snapshotStore, sweepStore } from '../backup/snapshot-store.js';
import type { RecordedCluster } from '../cluster/recorded-cluster.js';
import { acquireLock } from '../state/lock.js';
import { prune } from './backup.js';

/** `backups prune`: IDs of what went. @throws refusal `locked` while a snapshot is taken */
export async function pruneBackups({ record, state }: RecordedCluster, now: () => Date): Promise<string[]> {
  const store = snapshotStore(state);
  await prepareStore(store);
  const lock = await acquireLock({ path: store.lock, command: 'backups prune', now });
  try {
    await sweepStore(store);
    return await prune({ store, record, policy: DEFAULT_RETENTION, now: now() });
  } finally {
    lock.release();
  }
}
