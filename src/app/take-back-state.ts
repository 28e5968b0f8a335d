import { recordedCluster } from '../cluster/recorded-cluster.js';
import { usageError } from '../errors.js';
import type { Lock } from '../state/lock.js';
import { endRetirement, retirementOf } from '../state/retired.js';
import type { StateDir } from '../state/state-dir.js';
import { takeIntoUse } from './take-into-use.js';

export interface TakeBackStateOptions {
  state: StateDir;
  /** The generation of the copy that was found in use, and is so no more. */
  above: number | undefined;
  /** Takes the lock at this path; it is given back when nothing is done any more. */
  lock: (path: string) => Promise<Lock>;
}

/**
 * `state take-back`: a state that was handed over, or that another copy has taken the place of, is in use again by a
 * person's word. It may be older than the cluster.
 *
 * @returns its generation
 * @throws usage error `state-in-use`; refusal `locked`
 */
export async function takeBackState({ state, above, lock }: TakeBackStateOptions): Promise<number> {
  await recordedCluster(state);
  const held = await lock(state.lock);
  try {
    const { record } = await recordedCluster(state);
    const retirement = await retirementOf(state);
    if (!retirement && (above === undefined || above < record.operator.generation))
      throw usageError({
        code: 'state-in-use',
        message: `${state.root} is in use, as generation ${record.operator.generation}`,
        hint: 'up goes on with it; where another copy has taken its place, that refusal names the number for --above',
      });
    const generation = await takeIntoUse(state, record, {
      above: Math.max(above ?? 0, retirement?.superseded?.generation ?? 0),
      isProven: false,
    });
    // Last: killed before, it is done again.
    await endRetirement(state);
    return generation;
  } finally {
    held.release();
  }
}
