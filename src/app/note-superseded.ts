import type { DisklessError } from '../errors.js';
import { retire, retirementOf } from '../state/retired.js';
import type { StateDir } from '../state/state-dir.js';
import { SupersededError } from '../state/superseded.js';

/**
 * That another copy of this state acts is known from machines and from etcd, and both are gone with the next power cut;
 * it must not be the reason for which this one, the older memory, acts again.
 */
export async function noteSuperseded(state: StateDir, errors: readonly DisklessError[], now: Date): Promise<void> {
  const found = errors.find((error) => error instanceof SupersededError);
  if (!found || (await retirementOf(state))) return;
  await retire(state, { at: now.toISOString(), superseded: found.by });
}
