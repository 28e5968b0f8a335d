import { readFile } from 'node:fs/promises';
import { addToKubeconfig } from '../app/add-to-kubeconfig.js';
import { stateOf } from '../app/state-of.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { type DisklessError, EXIT, usageError } from '../errors.js';
import { stateError } from '../state/state-error.js';
import type { ClusterFlags } from './options.js';
import { print } from './output-lost.js';
import { tellLine } from './view.js';

export interface KubeconfigFlags extends ClusterFlags {
  /** Into the file that kubectl reads, instead of to stdout. */
  merge?: boolean;
  to?: string;
  context?: string;
}

export async function kubeconfigCommand(flags: KubeconfigFlags): Promise<number> {
  const { merge = false, to, context } = flags;
  if (!merge && (to !== undefined || context !== undefined))
    throw usageError({
      code: 'kubeconfig-not-merged',
      message: '--to and --context go with --merge',
      hint: 'add --merge, or leave them away',
    });
  const { state } = await recordedCluster(stateOf(flags));
  const text = await readFile(state.kubeconfig, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'ENOENT' ? notWritten(state.kubeconfig, cause) : stateError(state.kubeconfig, cause);
  });
  if (!merge) await print(text);
  else {
    const added = await addToKubeconfig({ own: text, to, context, env: process.env });
    tellLine(`${added.file} has the context ${added.context}: kubectl --context ${added.context} get nodes`);
  }
  return EXIT.done;
}

/** The cluster's record is written first: a run may have ended between the two. */
function notWritten(path: string, cause: unknown): DisklessError {
  const message = `the cluster is recorded, but its kubeconfig ${path} is not there`;
  return usageError({ code: 'no-kubeconfig', message, hint: 'k8s-diskless up writes it', cause });
}
