import { untilAborted } from '../../abort.js';
import type { ClusterSpec } from '../../config/spec.js';
import { controlPlanes } from '../../config/spec.js';
import { hostKeyPolicyOf } from '../../config/ssh-settings.js';
import { DisklessError, EXIT } from '../../errors.js';
import { isPassing } from '../../kube/api-errors.js';
import { createKubeClient, type KubeClient } from '../../kube/client.js';
import { failover } from '../../kube/failover.js';
import { whyNotReady } from '../../kube/nodes-ready.js';
import type { KubeNode } from '../../kube/objects.js';
import { resourcePath } from '../../kube/paths.js';
import type { OperatorIdentities } from '../../pki/operator-tls.js';
import { NodeSession } from '../../reconcile/node-session.js';
import { readBootId } from '../../ssh/boot-id.js';
import type { Connection } from '../../ssh/transport.js';
import type { NodeRecord } from '../../state/records.js';
import type { BenchNode } from './bench-node.js';
import { judgedPerBoot } from './per-boot-host-keys.js';

export interface OpenClusterOptions {
  spec: ClusterSpec;
  nodeRecords: ReadonlyMap<string, NodeRecord>;
  open: (name: string, signal: AbortSignal) => Promise<Connection>;
  identities: OperatorIdentities;
  tell: (line: string) => void;
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
 * @throws `nodes-not-ready` when a node of the record is not Ready: nobody would know what was measured; a refusal
 * (exit 5) when a node's host key is not to be believed
 */
export async function openCluster(options: OpenClusterOptions): Promise<OpenedCluster> {
  const { spec, identities, signal } = options;
  const open = hostKeyPolicyOf(spec.ssh) === 'per-boot' ? judgedPerBoot(options) : options.open;
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
    lifetime.abort();
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
  // First: who is asked for the API over a connection that is refused would only say that it cannot be reached.
  const bootIds = await bootIdsOf(
    spec.nodes.map(({ name }) => sessionOf(name)),
    signal,
  );
  const { items } = await client.list<KubeNode>(resourcePath({ apiVersion: 'v1', resource: 'nodes' }), { signal });
  const found = new Map(items.map((item) => [item.metadata.name, item]));
  const problems: string[] = [];
  const nodes = spec.nodes.flatMap(({ name, role }): BenchNode[] => {
    const bootId = bootIds.get(name) as string | Error;
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
    return [{ name, role, address, arch, schedulable, bootId, object, session: sessionOf(name) }];
  });
  if (problems.length === 0) return nodes;
  throw new DisklessError({
    code: 'nodes-not-ready',
    message: `${problems.length} of ${spec.nodes.length} nodes are not Ready, and a benchmark needs them all`,
    detail: problems.sort().join('\n'),
    hint: 'k8s-diskless up brings them back',
  });
}

/** @returns The boot_id of each node, or why it cannot be had. @throws the first refusal: that is for a person to decide */
async function bootIdsOf(sessions: readonly NodeSession[], signal: AbortSignal): Promise<Map<string, string | Error>> {
  const asked = sessions.map(async (session): Promise<[string, string | Error]> => {
    return [session.name, await readBootId(session, { signal }).catch((error: Error) => error)];
  });
  // The connections outlive the signal, those that are still being opened among them.
  const answers = await untilAborted(Promise.all(asked), signal);
  for (const [, answer] of answers) if (answer instanceof DisklessError && answer.exit === EXIT.refused) throw answer;
  return new Map(answers);
}
