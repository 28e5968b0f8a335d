import { writeClusterRecord } from '../../src/state/record-files.js';
import { prepareStateDir, type StateDir, stateDirAt } from '../../src/state/state-dir.js';
import { OPERATOR, sampleSpec } from '../helpers/sample-facts.js';

/** A state directory that knows a cluster, and nothing else of it. */
export async function recordSample(directory: string): Promise<StateDir> {
  const state = stateDirAt(directory);
  await prepareStateDir(state);
  const etcd = { incarnation: 0, phase: 'none' as const, token: '', members: [], bootIds: {} };
  await writeClusterRecord(state, { clusterId: 'cafe', operator: OPERATOR, spec: sampleSpec(), etcd });
  return state;
}
