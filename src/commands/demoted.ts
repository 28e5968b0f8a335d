import { heldKeys } from '../app/held-keys.js';
import { requireWorker } from '../app/require-worker.js';
import { sshOfRequest } from '../app/ssh-of-request.js';
import { stateOf } from '../app/state-of.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { loadConfig } from '../config/load.js';
import type { RunFlags } from './options.js';
import { keysText, removed } from './remove.js';
import { tellLine } from './view.js';

/**
 * Takes a control plane out, so that `up` takes it in as a worker; one that is a worker by now is left as it is. Cut off
 * anywhere, the same command goes on.
 *
 * @throws as `removeNode`; usage error `demote-contradicts-list`
 */
export async function demoted(name: string, flags: RunFlags, signal: AbortSignal): Promise<void> {
  const file = flags.config === undefined ? undefined : await loadConfig(flags.config);
  const recorded = await recordedCluster(stateOf(flags, file));
  const { record, state } = recorded;
  const known = [...record.spec.nodes, ...(record.leaving ?? [])];
  if (known.some((node) => node.name === name && node.role === 'worker')) return;
  await requireWorker(name, flags, record);
  const ssh = sshOfRequest(flags);
  const node = await removed(recorded, { name, isGone: false, becomes: 'worker', ssh, command: 'up', signal });
  tellLine(keysText(name, await heldKeys(state.pki, name, node.role)));
}
