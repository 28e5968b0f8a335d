import { acquireLock } from '../state/lock.js';
import { prepareStore, type SnapshotStore, sweepStore } from './snapshot-store.js';

export interface HoldStoreOptions {
  store: SnapshotStore;
  /** What is done, for whoever is refused meanwhile. */
  command: string;
  now: () => Date;
}

/** Works as the only one who writes to the store, which is rid of what killed ones left. @throws refusal `locked` */
export async function holdStore<T>({ store, command, now }: HoldStoreOptions, work: () => Promise<T>): Promise<T> {
  await prepareStore(store);
  const lock = await acquireLock({ path: store.lock, command, now });
  try {
    await sweepStore(store);
    return await work();
  } finally {
    lock.release();
  }
}
