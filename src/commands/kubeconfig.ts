import { readFile } from 'node:fs/promises';
import { stateOf } from '../app/state-of.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { type DisklessError, EXIT, usageError } from '../errors.js';
import { stateError } from '../state/state-error.js';
import type { ClusterFlags } from './options.js';
import { print } from './output-lost.js';

export async function kubeconfigCommand(flags: ClusterFlags): Promise<number> {
  const { state } = await recordedCluster(stateOf(flags));
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
