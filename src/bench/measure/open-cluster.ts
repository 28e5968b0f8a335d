import type { ClusterSpec } from '../../config/spec.js';
import { controlPlanes } from '../../config/spec.js';
import { DisklessError } from '../../errors.js';
import { isPassing } from '../../kube/api-errors.js';
import { createKubeClient, type KubeClient } from '../../kube/client.js';
import { failover } from '../../kube/failover.js';
import { whyNotReady } from '../../kube/nodes-ready.js';
import type { KubeNode } from '../../kube/objects.js';
import { resourcePath } from '../../kube/paths.js';
import type { OperatorIdentities } from '../../pki/operator-tls.js';
import { NodeSession } from '../../reconcile/node-session.js';
import type { Connection } from '../../ssh/transport.js';
import type { BenchNode } from './bench-node.js';

export interface OpenClusterOptions {
  spec: ClusterSpec;
  open: (name: string, signal: AbortSignal) => Promise<Connection>;
  identities: OperatorIdentities;
  signal: AbortSignal;
}

export interface OpenedCluster {
  nodes: BenchNode[];
  client: KubeClient;
  controlPlanes: Map<string, KubeClient>;
  close(): Promise<void>;
}

/** As many as a second of stalled requests at the usual rates. */
const SOCKETS = 48;
const LOOPBACK = '127.0.0.1';

/**
 * SSH to every node, and the API through the control planes' connections. They outlive the signal, so that a run that
 * is interrupted can still tidy up.
 *
 * @throws `nodes-not-ready` when a node of the record is not Ready: nobody would know what was measured
 */
export async function openCluster({ spec, open, identities, signal }: OpenClusterOptions): Promise<OpenedCluster> {
  const lifetime = new AbortController();
  const sessions = new Map(
    spec.nodes.map(({ name }) => [
      name,
      new NodeSession({ name, open: (own) => open(name, own), signal: lifetime.signal }),
    ]),
  );
  const sessionOf = (name: string): NodeSession => sessions.get(name) as NodeSession;
  const clients = new Map(
    controlPlanes(spec).map(({ name }) => [
      name,
      createKubeClient({
        node: name,
        connect: (own) => sessionOf(name).forward(LOOPBACK, spec.apiServer.port, own),
        serverName: LOOPBACK,
        tls: identities.kubernetes,
        maxSockets: SOCKETS,
      }),
    ]),
  );
  const client = failover([...clients.values()]);
  const close = async (): Promise<void> => {
    for (const each of clients.values()) each.close();
    await Promise.all([...sessions.values()].map((session) => session.end()));
  };
  try {
    return { nodes: await readyNodes({ spec, client, sessionOf, signal }), client, controlPlanes: clients, close };
  } catch (error) {
    await close();
    throw isPassing(error) ? unreachable(error) : error;
  }
}

function unreachable({ code, message, host, detail }: DisklessError): DisklessError {
  const place = { ...(host !== undefined && { host }), ...(detail !== undefined && { detail }) };
  return new DisklessError({ code, message, ...place, hint: 'k8s-diskless up finds out why, and repairs it' });
}

interface ReadyNodes {
  spec: ClusterSpec;
  client: KubeClient;
  sessionOf: (name: string) => NodeSession;
  signal: AbortSignal;
}

async function readyNodes({ spec, client, sessionOf, signal }: ReadyNodes): Promise<BenchNode[]> {
  const { items } = await client.list<KubeNode>(resourcePath({ apiVersion: 'v1', resource: 'nodes' }), { signal });
  const found = new Map(items.map((item) => [item.metadata.name, item]));
  const problems: string[] = [];
  const nodes = await Promise.all(
    spec.nodes.map(async ({ name, role }): Promise<BenchNode[]> => {
      const session = sessionOf(name);
      const bootId = await bootIdOf(session, signal).catch((error: Error) => error);
      const object = found.get(name);
      const reason =
        bootId instanceof Error ? bootId.message : object ? whyNotReady(object, bootId) : 'it is not registered';
      if (reason !== undefined || object === undefined || bootId instanceof Error) {
        problems.push(`${name}: ${reason}`);
        return [];
      }
      const address = object.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '';
      const repelled = object.spec.taints?.some(({ effect }) => effect !== 'PreferNoSchedule') ?? false;
      const arch = object.metadata.labels?.['kubernetes.io/arch'] ?? 'amd64';
      const schedulable = !repelled && object.spec.unschedulable !== true;
      return [{ name, role, address, arch, schedulable, bootId, object, session }];
    }),
  );
  signal.throwIfAborted();
  if (problems.length === 0) return nodes.flat();
  throw new DisklessError({
    code: 'nodes-not-ready',
    message: `${problems.length} of ${spec.nodes.length} nodes are not Ready, and a benchmark needs them all`,
    detail: problems.sort().join('\n'),
    hint: 'k8s-diskless up brings them back',
  });
}

async function bootIdOf(session: NodeSession, signal: AbortSignal): Promise<string> {
  const command = 'cat /proc/sys/kernel/random/boot_id';
  return (await session.exec(command, { label: 'read boot_id', timeoutMs: 20_000, signal })).stdout.trim();
}
