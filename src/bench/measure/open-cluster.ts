import type { ClusterSpec } from '../../config/spec.js';
import { controlPlanes } from '../../config/spec.js';
import { hostKeyPolicyOf } from '../../config/ssh-settings.js';
import { DisklessError } from '../../errors.js';
import { isPassing } from '../../kube/api-errors.js';
import { createKubeClient, type KubeClient } from '../../kube/client.js';
import { failover } from '../../kube/failover.js';
import type { OperatorIdentities } from '../../pki/operator-tls.js';
import { NodeSession } from '../../reconcile/node-session.js';
import type { Connection } from '../../ssh/transport.js';
import type { NodeRecord } from '../../state/records.js';
import type { BenchNode } from './bench-node.js';
import { judgedPerBoot } from './per-boot-host-keys.js';
import { readyNodes } from './ready-nodes.js';

export interface OpenClusterOptions {
  spec: ClusterSpec;
  nodeRecords: ReadonlyMap<string, NodeRecord>;
  open: (name: string, signal: AbortSignal) => Promise<Connection>;
  identities: OperatorIdentities;
  tell: (line: string) => void;
  signal: AbortSignal;
  /** How long nodes that are Ready may take until pods are scheduled on them. Default 60 s. */
  takesPodsMs?: number;
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
  const { spec, identities } = options;
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
    return { nodes: await readyNodes({ ...options, client, sessionOf }), client, controlPlanes: clients, close };
  } catch (error) {
    await close();
    throw isPassing(error) ? unreachable(error) : error;
  }
}

function unreachable({ code, message, host, detail }: DisklessError): DisklessError {
  const place = { ...(host !== undefined && { host }), ...(detail !== undefined && { detail }) };
  return new DisklessError({ code, message, ...place, hint: 'k8s-diskless up finds out why, and repairs it' });
}
