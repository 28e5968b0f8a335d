import type { LockOwner } from '../state/lock-owner.js';

/** What a person is told when a lock was taken over from a dead run. */
export function takenOverMessage({ command, pid, user, since }: LockOwner): string {
  const run = `${command}, pid ${pid}, user ${user}, since ${since}`;
  return `another run died without giving its lock back (${run}): it was taken over`;
}
