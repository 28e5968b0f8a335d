import { cpus, release, type as systemType } from 'node:os';
import type { ClusterSpec } from '../../config/spec.js';
import { DisklessError } from '../../errors.js';
import type { KubeClient } from '../../kube/client.js';
import { shellQuote } from '../../ssh/quote.js';
import type { Environment } from '../record/environment-schema.js';
import { medianOf } from '../stats/quantile.js';
import type { BenchNode } from './bench-node.js';
import { mtuOf } from './network/mtu.js';
import type { NodeTools } from './network/tool-pods.js';
import { readNodeFacts } from './node-facts.js';
import { startRunClock } from './run-clock.js';
import { IPERF3, type ToolImage } from './tool-image.js';

export interface EnvironmentOptions {
  spec: ClusterSpec;
  nodes: readonly BenchNode[];
  client: KubeClient;
  tools: ReadonlyMap<string, NodeTools>;
  image: Pick<ToolImage, 'reference' | 'digest'>;
  signal: AbortSignal;
}

/** Before it, all streams of a test share one thread, and "eight streams" measure one core. */
const OLDEST_IPERF3 = [3, 16] as const;
const ROUND_TRIPS = 20;

/** Everything that decides what the figures are figures of. @throws `iperf3-old` */
export async function readEnvironment(options: EnvironmentOptions): Promise<Environment> {
  const { spec, nodes, client, tools, image, signal } = options;
  const { kubernetes, etcd, cni, network, kubeProxy, name } = spec;
  const version = await iperf3Version(tools, signal);
  const [processor] = cpus();
  return {
    cluster: { name, kubernetes, etcd, cni, networkMode: network.mode, proxyMode: kubeProxy.mode },
    operator: {
      os: systemType(),
      kernel: release(),
      cpuModel: processor?.model ?? 'unknown',
      cpus: cpus().length,
      node: process.versions.node,
      apiRoundTripMs: await apiRoundTrip(client, signal),
    },
    tool: { iperf3: version, image: image.reference, digest: image.digest },
    nodes: await Promise.all(
      nodes.map(async (node) => {
        const pod = (tools.get(node.name) as NodeTools).pod;
        return { ...(await readNodeFacts(node, signal)), podMtu: await mtuOf(pod, signal) };
      }),
    ),
  };
}

async function iperf3Version(tools: ReadonlyMap<string, NodeTools>, signal: AbortSignal): Promise<string> {
  const [first] = tools.values();
  const { node, containerId } = (first as NodeTools).pod;
  const command = `ctr -n k8s.io tasks exec --exec-id version ${shellQuote(containerId)} ${IPERF3} --version`;
  const { stdout, stderr } = await node.session.exec(command, { label: 'read the version', root: true, signal });
  const version = /iperf (\d+\.\d+\S*)/.exec(stdout)?.[1];
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number.parseFloat);
  const recent = major > OLDEST_IPERF3[0] || (major === OLDEST_IPERF3[0] && minor >= OLDEST_IPERF3[1]);
  if (version !== undefined && recent) return version;
  throw new DisklessError({
    code: 'iperf3-old',
    host: node.name,
    message: `iperf3 ${OLDEST_IPERF3.join('.')} or later is needed, and this is ${version ?? 'none that starts'}`,
    detail: stderr.trim().slice(-500),
    hint: 'put a newer static build into the artifacts directory, as iperf3/iperf3_x64 with its checksum',
  });
}

async function apiRoundTrip(client: KubeClient, signal: AbortSignal): Promise<number> {
  const clock = startRunClock();
  const times: number[] = [];
  for (let index = 0; index < ROUND_TRIPS; index++) {
    const sent = clock.now();
    await client.raw('/readyz', { signal });
    times.push(clock.now() - sent);
  }
  return medianOf(times);
}
