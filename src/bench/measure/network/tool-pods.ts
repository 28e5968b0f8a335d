import { DisklessError } from '../../../errors.js';
import type { KubeClient } from '../../../kube/client.js';
import { resourcePath } from '../../../kube/paths.js';
import { count } from '../../../ui/units.js';
import type { BenchNode } from '../bench-node.js';
import { KIND, NAMESPACE, PORT, type Pod, type Service, toolPod, toolService, udpPort } from '../manifests.js';
import { PODS } from '../pod-observer.js';
import { containerIdOf, containerPid, startedPods } from '../started-pods.js';

/** A pod with iperf3 in it, as client and as server. */
export interface ToolEndpoint {
  node: BenchNode;
  address: string;
  /** In containerd. */
  containerId: string;
  /** Its first process: whose network namespace is the pod's. */
  pid: number;
}

/** What stands on each node: one in the host's network, and two in the pods', for cells within a node. */
export interface NodeTools {
  host: ToolEndpoint;
  pod: ToolEndpoint;
  peer: ToolEndpoint;
  service: { clusterIp: string; nodePorts: ReadonlyMap<number, number> };
}

export interface StartToolsOptions {
  client: KubeClient;
  nodes: readonly BenchNode[];
  /** Name of the image for an architecture. */
  image: (arch: string) => string;
  /** A quota demands a limit on processor time. */
  limitsCpu: boolean;
  signal: AbortSignal;
}

const START_TIMEOUT_MS = 60_000;
const KINDS = ['host', 'pod', 'peer'] as const;

/** Starts the tools on every node. @throws `bench-tools` naming what did not start, and why */
export async function startTools(options: StartToolsOptions): Promise<Map<string, NodeTools>> {
  const { client, nodes, image, limitsCpu, signal } = options;
  const wanted = nodes.flatMap((node) => KINDS.map((kind) => ({ node, kind, name: `${kind}-${node.name}` })));
  await Promise.all(
    wanted.map(({ node, kind, name }) => {
      const cpuLimit = limitsCpu ? node.object.status?.capacity?.cpu : undefined;
      const hostNetwork = kind === 'host';
      const object = toolPod({ name, image: image(node.arch), node: node.name, hostNetwork, cpuLimit });
      return client.create<Pod>(PODS, object, { signal });
    }),
  );
  const [pods, services] = await Promise.all([
    runningPods(options, new Set(wanted.map(({ name }) => name))),
    Promise.all(nodes.map((node) => createService(options, `pod-${node.name}`))),
  ]);
  const tools = nodes.map(async (node, index): Promise<[string, NodeTools]> => {
    const [host, pod, peer] = await Promise.all(
      KINDS.map((kind) => endpoint(options, node, pods, `${kind}-${node.name}`)),
    );
    const { clusterIP = '', ports } = (services[index] as Service).spec;
    const nodePorts = new Map(ports.map(({ port, nodePort = 0 }) => [port, nodePort]));
    return [
      node.name,
      {
        host: host as ToolEndpoint,
        pod: pod as ToolEndpoint,
        peer: peer as ToolEndpoint,
        service: { clusterIp: clusterIP, nodePorts },
      },
    ];
  });
  return new Map(await Promise.all(tools));
}

async function createService({ client, signal }: StartToolsOptions, name: string): Promise<Service> {
  const path = resourcePath({ apiVersion: 'v1', resource: 'services', namespace: NAMESPACE });
  const created = await client.create<Service>(path, toolService(name), { signal });
  const body = [{ op: 'add', path: '/spec/ports/-', value: udpPort(created) }];
  return client.patch<Service>(`${path}/${name}`, { type: 'json', body, signal });
}

async function runningPods(
  { client, signal }: StartToolsOptions,
  names: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Pod>> {
  const { running, pending } = await startedPods({
    client,
    path: PODS,
    labelSelector: `${KIND}=tool`,
    names,
    timeoutMs: START_TIMEOUT_MS,
    signal,
  });
  if (pending.size > 0) throw notStarted(pending);
  return running;
}

function notStarted(pending: ReadonlyMap<string, string>): DisklessError {
  return new DisklessError({
    code: 'bench-tools',
    message: `${count(pending.size, 'pod')} with the measuring tool did not start within ${START_TIMEOUT_MS / 1000} s`,
    detail: [...pending].map(([name, reason]) => `${name}: ${reason}`).join('\n'),
    hint: 'is a port taken, or pods refused by a policy of this cluster? kubectl describe shows events',
  });
}

async function endpoint(
  { client, signal }: StartToolsOptions,
  node: BenchNode,
  pods: ReadonlyMap<string, Pod>,
  name: string,
): Promise<ToolEndpoint> {
  const pod = pods.get(name) as Pod;
  const podIP = pod.status?.podIP ?? '';
  const containerId = containerIdOf(pod);
  const pid = await containerPid(node.session, containerId, signal);
  await untilListening(client, node.name, name, signal);
  return { node, address: podIP, containerId, pid };
}

const LISTEN_TIMEOUT_MS = 10_000;

/** The container runs a moment before iperf3 listens, and a probe that connects would count as a test: it says so. */
async function untilListening(client: KubeClient, node: string, pod: string, signal: AbortSignal): Promise<void> {
  const path = resourcePath({
    apiVersion: 'v1',
    resource: 'pods',
    namespace: NAMESPACE,
    name: pod,
    subresource: 'log',
  });
  const limit = AbortSignal.timeout(LISTEN_TIMEOUT_MS);
  let said = '';
  try {
    const log = await client.stream(path, { query: { follow: true }, signal: AbortSignal.any([signal, limit]) });
    for await (const { bytes } of log) {
      said += bytes.toString('utf8');
      if (said.includes('Server listening')) return;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!limit.aborted) throw error;
  }
  throw new DisklessError({
    code: 'bench-tools',
    host: node,
    message: `iperf3 in the pod ${pod} does not listen on port ${PORT}`,
    detail: said.trim().slice(-500),
  });
}
