import { acquireLock } from '../state/lock.js';
import type { LockOwner } from '../state/lock-owner.js';
import { prepareStore, type SnapshotStore, sweepStore } from './snapshot-store.js';

export interface HoldStoreOptions {
  store: SnapshotStore;
  /** What is done, for whoever is refused meanwhile. */
  command: string;
  now: () => Date;
  /** Told once for whom it waits. */
  onWait?: (owner: LockOwner) => void;
  signal: AbortSignal;
}

/** Nothing that is done to it takes longer, but for who was stopped in the middle. */
const LONGEST_WAIT_MS = 60_000;

/**
 * Works as the only one who writes to the store, which is rid of what killed ones left. Whoever else does is done soon, and
 * waited for.
 *
 * @throws refusal `locked` by somebody on another machine, or who is not done after a minute
 */
export async function holdStore<T>(options: HoldStoreOptions, work: () => Promise<T>): Promise<T> {
  const { store, command, now, onWait, signal } = options;
  await prepareStore(store);
  const until = performance.now() + LONGEST_WAIT_MS;
  const wait = { isFor: () => performance.now() < until, signal, ...(onWait && { onWait }) };
  const lock = await acquireLock({ path: store.lock, command, now, wait });
  try {
    await sweepStore(store, now());
    return await work();
  } finally {
    lock.release();
  }
}
