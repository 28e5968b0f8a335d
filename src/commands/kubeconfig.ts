import { readFile } from 'node:fs/promises';
import { EXIT, usageError } from '../errors.js';
import { readClusterRecord } from '../state/record-files.js';
import type { ClusterRecord } from '../state/records.js';
import { locateStateDir, type StateDir } from '../state/state-dir.js';
import type { ClusterFlags, StateFlags } from './options.js';

export interface RecordedCluster {
  state: StateDir;
  record: ClusterRecord;
}

/** The cluster a command without hosts works on. @throws usage error when there is none */
export async function recordedCluster(flags: StateFlags): Promise<RecordedCluster> {
  const cluster = flags.cluster ?? 'default';
  const state = locateStateDir({
    cluster,
    env: process.env,
    ...(flags.stateDir !== undefined && { stateDir: flags.stateDir }),
  });
  const record = await readClusterRecord(state);
  if (record) return { state, record };
  throw usageError({
    code: 'no-cluster',
    message: `no cluster is recorded in ${state.root}`,
    hint: 'k8s-diskless up --hosts s4,s5,s6 makes one; --cluster or --state-dir names another',
  });
}

export async function kubeconfigCommand(flags: ClusterFlags): Promise<number> {
  const { state } = await recordedCluster(flags);
  process.stdout.write(await readFile(state.kubeconfig, 'utf8'));
  return EXIT.done;
}
