import { hasCode } from './api-errors.js';
import type { KubeClient } from './client.js';
import type { KubeNode } from './objects.js';
import { resourcePath } from './paths.js';

/** A Node that bears it was made unschedulable by us; an administrator's own cordon does not, and is left alone. */
const CORDONED = 'k8s-diskless/cordoned';

const pathOf = (name: string): string => resourcePath({ apiVersion: 'v1', resource: 'nodes', name });

/** The kubelet and the controllers write Node objects too; more conflicts in a row are not chance. */
const CONFLICT_ATTEMPTS = 6;

/** No pod is scheduled there any more. @returns false where an administrator had seen to that before */
export function cordon(client: KubeClient, node: string, signal: AbortSignal): Promise<boolean> {
  return changing({ client, node, signal }, ({ spec, metadata }) => {
    if (spec.unschedulable === true) return { result: metadata.annotations?.[CORDONED] !== undefined };
    const change = { annotations: { [CORDONED]: '' }, unschedulable: true };
    return { result: true, change };
  });
}

/** @returns whether there was a cordon of ours */
export function uncordon(client: KubeClient, node: string, signal: AbortSignal): Promise<boolean> {
  return changing({ client, node, signal }, ({ metadata }) => {
    if (metadata.annotations?.[CORDONED] === undefined) return { result: false };
    return { result: true, change: { annotations: { [CORDONED]: null }, unschedulable: null } };
  });
}

interface Changing {
  client: KubeClient;
  node: string;
  signal: AbortSignal;
}

interface Decision {
  result: boolean;
  change?: { annotations: Record<string, string | null>; unschedulable: boolean | null };
}

/** What is decided of the object as it is must not meet another one: an administrator's cordon would become ours. */
async function changing({ client, node, signal }: Changing, decide: (found: KubeNode) => Decision): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    const found = await client.get<KubeNode>(pathOf(node), { signal });
    const { result, change } = decide(found);
    if (change === undefined) return result;
    const { annotations, unschedulable } = change;
    const { resourceVersion } = found.metadata;
    const body = { metadata: { annotations, resourceVersion }, spec: { unschedulable } };
    try {
      await client.patch(pathOf(node), { type: 'merge', body, signal });
      return result;
    } catch (error) {
      if (!hasCode(error, 'kube-conflict') || attempt >= CONFLICT_ATTEMPTS) throw error;
    }
  }
}
