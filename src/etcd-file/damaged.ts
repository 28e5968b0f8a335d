import { DisklessError } from '../errors.js';

const HINT = 'this file cannot be restored; take a new snapshot, or use one from before';

/** `place` is e.g. `page 17`, `what` a sentence about it. */
export function damaged(place: string, what: string, cause?: unknown): DisklessError {
  return new DisklessError({
    code: 'snapshot-damaged',
    message: `${place} of the database file ${what}`,
    hint: HINT,
    cause,
  });
}
