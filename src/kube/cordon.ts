import type { KubeClient } from './client.js';
import type { KubeNode } from './objects.js';
import { resourcePath } from './paths.js';

/** A Node that bears it was made unschedulable by us; an administrator's own cordon does not, and is left alone. */
const CORDONED = 'k8s-diskless/cordoned';

const pathOf = (name: string): string => resourcePath({ apiVersion: 'v1', resource: 'nodes', name });

/** No pod is scheduled there any more. @returns false where an administrator had seen to that before */
export async function cordon(client: KubeClient, node: string, signal: AbortSignal): Promise<boolean> {
  const { spec, metadata } = await client.get<KubeNode>(pathOf(node), { signal });
  const isOurs = metadata.annotations?.[CORDONED] !== undefined;
  if (spec.unschedulable === true) return isOurs;
  const body = { metadata: { annotations: { [CORDONED]: '' } }, spec: { unschedulable: true } };
  await client.patch(pathOf(node), { type: 'merge', body, signal });
  return true;
}

/** @returns whether there was a cordon of ours */
export async function uncordon(client: KubeClient, node: string, signal: AbortSignal): Promise<boolean> {
  const { metadata } = await client.get<KubeNode>(pathOf(node), { signal });
  if (metadata.annotations?.[CORDONED] === undefined) return false;
  const body = { metadata: { annotations: { [CORDONED]: null } }, spec: { unschedulable: null } };
  await client.patch(pathOf(node), { type: 'merge', body, signal });
  return true;
}
