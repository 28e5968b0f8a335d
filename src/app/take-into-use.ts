import { randomBytes } from 'node:crypto';
import { writeClusterRecord } from '../state/record-files.js';
import type { ClusterRecord } from '../state/records.js';
import type { StateDir } from '../state/state-dir.js';

export interface TakeIntoUseOptions {
  /** A generation that is known to be in use elsewhere. */
  above?: number | undefined;
  /** Nobody acted on the cluster since it was as this state has it. */
  isProven: boolean;
}

/** The state acts from now on as one that no other copy of it is. @returns its generation */
export async function takeIntoUse(
  state: StateDir,
  record: ClusterRecord,
  { above = 0, isProven }: TakeIntoUseOptions,
): Promise<number> {
  const { generation, unproven = !isProven } = record.operator;
  const operator = {
    // Another copy may be taken into use just so: of two with the same generation, machines believe the first.
    id: randomBytes(8).toString('hex'),
    generation: Math.max(generation, above) + 1,
    ...(unproven && { unproven }),
  };
  await writeClusterRecord(state, { ...record, operator });
  return operator.generation;
}
