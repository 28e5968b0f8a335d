import type { Pod, Service } from '../bench/measure/manifests.js';
import { mtuOf } from '../bench/measure/network/mtu.js';
import { containerIdOf, containerPid, startedPods } from '../bench/measure/started-pods.js';
import type { NodeSession } from '../cluster/node-session.js';
import type { NodeSpec } from '../config/spec.js';
import { toDisklessError } from '../errors.js';
import { hasCode } from '../kube/api-errors.js';
import type { KubeClient } from '../kube/client.js';
import { prepareNamespace, removeNamespace } from '../kube/own-namespace.js';
import { resourcePath } from '../kube/paths.js';
import type { SiteNode } from './asks.js';
import { type Listener, listenIn } from './listener.js';
import { doctorPod, doctorService, LABEL, NAMESPACE, NAMESPACE_LABELS } from './manifests.js';
import type { Failure } from './report.js';

/** A node that pods of ours shall run on. */
export interface Fit {
  spec: NodeSpec;
  /** Its InternalIP. */
  address: string;
  session: NodeSession;
}

/** Pods on nodes, and how to get into their networks. */
export interface StandingNode extends SiteNode {
  session: NodeSession;
  /** Processes whose network namespaces are those of its two pods. */
  pids: { pod: number; peer: number };
  listener: Listener;
}

export interface Site {
  nodes: StandingNode[];
  /** Nodes without their pods. */
  failures: Failure[];
}

export interface SiteOptions {
  client: KubeClient;
  nodes: readonly Fit[];
  /** Name of the sandbox image. */
  image: string;
  signal: AbortSignal;
}

const START_TIMEOUT_MS = 60_000;
const PODS = resourcePath({ apiVersion: 'v1', resource: 'pods', namespace: NAMESPACE });
const SERVICES = resourcePath({ apiVersion: 'v1', resource: 'services', namespace: NAMESPACE });
export const WEBHOOKS = resourcePath({
  apiVersion: 'admissionregistration.k8s.io/v1',
  resource: 'validatingwebhookconfigurations',
});

/** Two pods on every node and a service in front of one of them; what a killed run left goes first. */
export async function prepareSite(options: SiteOptions): Promise<Site> {
  const { client, nodes, image, signal } = options;
  await removeWebhooks(options);
  await prepareNamespace({ client, name: NAMESPACE, labels: NAMESPACE_LABELS, signal });
  // A node's name may have dots, which no name of a service has.
  const wanted = nodes.map((node, index) => ({ ...node, pod: `n${index}`, peer: `n${index}-peer` }));
  const create = (name: string, node: string) => client.create<Pod>(PODS, doctorPod({ name, node, image }), { signal });
  const [services] = await Promise.all([
    Promise.all(wanted.map(({ pod }) => client.create<Service>(SERVICES, doctorService(pod), { signal }))),
    ...wanted.flatMap(({ spec, pod, peer }) => [create(pod, spec.name), create(peer, spec.name)]),
  ]);
  const names = new Set(wanted.flatMap(({ pod, peer }) => [pod, peer]));
  const started = { client, path: PODS, labelSelector: LABEL, names, timeoutMs: START_TIMEOUT_MS, signal };
  const { running, pending } = await startedPods(started);
  const standing = await Promise.all(
    wanted.map(async ({ spec, address, session, pod: name, peer }, index): Promise<StandingNode | Failure> => {
      const [pod, second] = [running.get(name), running.get(peer)];
      const service = services[index];
      if (pod === undefined || second === undefined || service === undefined) {
        return { from: spec.name, what: 'its pod', why: pending.get(name) ?? pending.get(peer) ?? '' };
      }
      try {
        const pids = { pod: await pidOf(session, pod, signal), peer: await pidOf(session, second, signal) };
        const podIp = pod.status?.podIP ?? '';
        const mtu = await mtuOf({ node: { session }, pid: pids.pod, address: podIp }, signal);
        const listener = await listenIn({ session, pid: pids.pod, signal });
        const { clusterIP: clusterIp = '', ports } = service.spec;
        const there = { clusterIp, nodePort: ports[0]?.nodePort ?? 0 };
        return { spec, address, session, name, pids, listener, pod: { address: podIp, mtu }, service: there };
      } catch (error) {
        signal.throwIfAborted();
        return { from: spec.name, what: 'its pod', why: toDisklessError(error).message };
      }
    }),
  );
  const isStanding = (each: StandingNode | Failure): each is StandingNode => 'listener' in each;
  return {
    nodes: standing.filter(isStanding),
    failures: standing.filter((each): each is Failure => !isStanding(each)),
  };
}

const pidOf = (session: NodeSession, pod: Pod, signal: AbortSignal): Promise<number> =>
  containerPid(session, containerIdOf(pod), signal);

/** Everything that was made, whoever made it. */
export async function removeSite({ client, signal }: Pick<SiteOptions, 'client' | 'signal'>): Promise<void> {
  await removeWebhooks({ client, signal });
  await removeNamespace({ client, name: NAMESPACE, signal });
}

async function removeWebhooks({ client, signal }: Pick<SiteOptions, 'client' | 'signal'>): Promise<void> {
  try {
    await client.delete(WEBHOOKS, { query: { labelSelector: LABEL }, signal });
  } catch (error) {
    if (!hasCode(error, 'kube-not-found')) throw error;
  }
}
