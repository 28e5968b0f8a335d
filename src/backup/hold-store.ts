import { acquireLock } from '../state/lock.js';
import { prepareStore, type SnapshotStore, sweepStore } from './snapshot-store.js';

export interface HoldStoreOptions {
  store: SnapshotStore;
  /** What is done, for whoever is refused meanwhile. */
  command: string;
  now: () => Date;
  signal: AbortSignal;
}

/**
 * Works as the only one who writes to the store, which is rid of what killed ones left. Whoever else does is done soon, and
 * waited for.
 *
 * @throws refusal `locked` by somebody on another machine
 */
export async function holdStore<T>(options: HoldStoreOptions, work: () => Promise<T>): Promise<T> {
  const { store, command, now, signal } = options;
  await prepareStore(store);
  const lock = await acquireLock({ path: store.lock, command, now, wait: { isFor: () => true, signal } });
  try {
    await sweepStore(store);
    return await work();
  } finally {
    lock.release();
  }
}
