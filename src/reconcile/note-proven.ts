import { EXIT, type ExitCode } from '../errors.js';
import type { Run } from './context.js';
import { proven } from './next-record.js';

/** After an `up` that ended well, what is recorded is the cluster that runs, be it that it was taken from a copy. */
export async function noteProven({ options, memory }: Run, exit: ExitCode): Promise<void> {
  const { record } = memory;
  if (exit !== EXIT.done || !record?.operator.unproven) return;
  await options.state.saveCluster({ ...record, operator: proven(record.operator) });
}
