import { readFile } from 'node:fs/promises';
import { type DisklessError, EXIT, usageError } from '../errors.js';
import { readClusterRecord } from '../state/record-files.js';
import type { ClusterRecord } from '../state/records.js';
import type { StateDir } from '../state/state-dir.js';
import { stateError } from '../state/state-error.js';
import type { ClusterFlags, StateFlags } from './options.js';
import { print } from './output-lost.js';
import { stateOf } from './state-of.js';

export interface RecordedCluster {
  state: StateDir;
  record: ClusterRecord;
}

/** The cluster a command without hosts works on. @throws usage error when there is none */
export async function recordedCluster(flags: StateFlags): Promise<RecordedCluster> {
  const state = stateOf(flags);
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
  const text = await readFile(state.kubeconfig, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'ENOENT' ? notWritten(state.kubeconfig, cause) : stateError(state.kubeconfig, cause);
  });
  await print(text);
  return EXIT.done;
}

/** The cluster's record is written first: a run may have ended between the two. */
function notWritten(path: string, cause: unknown): DisklessError {
  const message = `the cluster is recorded, but its kubeconfig ${path} is not there`;
  return usageError({ code: 'no-kubeconfig', message, hint: 'k8s-diskless up writes it', cause });
}
