import { loadConfig } from '../config/load.js';
import { resolveSpec } from '../config/resolve.js';
import { usageError } from '../errors.js';
import type { ClusterRecord } from '../state/records.js';
import type { ClusterRequest } from './requests.js';
import { sshOfRequest } from './ssh-of-request.js';

/** What else is asked for would make a control plane of it again. @throws usage error `demote-contradicts-list` */
export async function requireWorker(name: string, request: ClusterRequest, { spec, upgrade }: ClusterRecord) {
  const file = request.config === undefined ? undefined : await loadConfig(request.config);
  const nodes = spec.nodes.map((node) => (node.name === name ? { ...node, role: 'worker' as const } : node));
  const resolved = resolveSpec({
    flags: { ...request, ssh: sshOfRequest(request) },
    recorded: { ...spec, nodes },
    defaults: { kubernetes: spec.kubernetes },
    ...(file && { file }),
    ...(upgrade && { upgrade }),
  });
  if (resolved.spec.nodes.every((node) => node.name !== name || node.role === 'worker')) return;
  throw usageError({
    code: 'demote-contradicts-list',
    message: `--demote ${name}, and ${name} is among the control planes that are asked for`,
    hint: `take ${name} out of --control-plane, or of the control planes in ${request.config ?? 'the config file'}`,
  });
}
