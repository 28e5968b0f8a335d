import type { NodeSession } from '../../cluster/node-session.js';
import type { KubeClient } from '../../kube/client.js';
import { watch } from '../../kube/watch.js';
import type { Pod } from './manifests.js';
import { complaintOf, stagesReached } from './pod-stages.js';

export interface StartedPodsOptions {
  client: KubeClient;
  /** Of the collection of pods. */
  path: string;
  labelSelector: string;
  /** Of those that are waited for. */
  names: ReadonlySet<string>;
  timeoutMs: number;
  signal: AbortSignal;
}

export interface StartedPods {
  /** Those whose containers run, by name. */
  running: ReadonlyMap<string, Pod>;
  /** Why each of the others does not. */
  pending: ReadonlyMap<string, string>;
}

/** Waits until all of them run, or their time is up. */
export async function startedPods(options: StartedPodsOptions): Promise<StartedPods> {
  const { client, path, labelSelector, names, timeoutMs, signal } = options;
  const running = new Map<string, Pod>();
  const pending = new Map([...names].map((name) => [name, 'it was not scheduled']));
  const limit = AbortSignal.timeout(timeoutMs);
  const look = (pod: Pod): void => {
    const { name } = pod.metadata;
    if (!names.has(name)) return;
    if (stagesReached(pod).includes('running')) {
      running.set(name, pod);
      pending.delete(name);
    } else pending.set(name, complaintOf(pod) ?? 'its containers have not started');
  };
  try {
    const both = AbortSignal.any([signal, limit]);
    for await (const event of watch<Pod>({ client, path, labelSelector, signal: both })) {
      if (event.type === 'listed') event.items.forEach(look);
      else if (event.type !== 'deleted') look(event.object);
      if (pending.size === 0) break;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!limit.aborted) throw error;
  }
  return { running, pending };
}

/** As containerd knows it. */
export function containerIdOf({ status }: Pod): string {
  return status?.containerStatuses?.[0]?.containerID?.replace(/^.*:\/\//, '') ?? '';
}

/** Its first process, whose network namespace is the pod's; NaN where it has ended. */
export async function containerPid(session: NodeSession, containerId: string, signal: AbortSignal): Promise<number> {
  const options = { label: 'find a container', root: true, signal };
  const { stdout } = await session.exec('ctr -n k8s.io tasks ls', options);
  return Number(new RegExp(`^${containerId}\\s+(\\d+)`, 'm').exec(stdout)?.[1]);
}
