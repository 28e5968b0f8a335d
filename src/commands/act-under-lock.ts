import { noteSuperseded } from '../app/note-superseded.js';
import { ownError } from '../errors.js';
import type { StateDir } from '../state/state-dir.js';
import { lockBesideDaemon } from './lock-beside-daemon.js';

export interface ActUnderLock {
  state: StateDir;
  /** Who holds it meanwhile. */
  command: string;
  signal: AbortSignal;
}

/** Work on machines under the state's lock; that another copy of the state acts is kept, where it was told so. */
export async function actUnderLock<T>({ state, command, signal }: ActUnderLock, work: () => Promise<T>): Promise<T> {
  const lock = await lockBesideDaemon(state.lock, command, signal);
  try {
    return await work();
  } catch (thrown) {
    const error = ownError(thrown);
    await noteSuperseded(state, [error], new Date());
    throw error;
  } finally {
    lock.release();
  }
}
