import type { Cluster } from '../../cluster/cluster.js';
import type { ClusterSpec } from '../../config/spec.js';
import { controlPlanes } from '../../config/spec.js';
import { DisklessError } from '../../errors.js';
import { isPassing } from '../../kube/api-errors.js';
import type { KubeClient } from '../../kube/client.js';
import type { BenchNode } from './bench-node.js';
import { readyNodes } from './ready-nodes.js';

export interface MeasuredClusterOptions {
  spec: ClusterSpec;
  /** Its connections outlive the signal, so that a run that is interrupted can still tidy up. */
  cluster: Cluster;
  tell: (line: string) => void;
  signal: AbortSignal;
  /** How long nodes that are Ready may take until pods are scheduled on them. Default 60 s. */
  takesPodsMs?: number;
}

export interface MeasuredCluster {
  nodes: BenchNode[];
  /** Whichever control plane lives. */
  client: KubeClient;
  controlPlanes: Map<string, KubeClient>;
}

/** As many as a second of stalled requests at the usual rates. */
export const SOCKETS = 48;

/**
 * Every node of it, and the API of every control plane.
 *
 * @throws `nodes-not-ready` when a node of the record is not Ready: nobody would know what was measured; a refusal
 * (exit 5) when a node's host key is not to be believed
 */
export async function measuredCluster(options: MeasuredClusterOptions): Promise<MeasuredCluster> {
  const { spec, cluster } = options;
  const clients = controlPlanes(spec).map(
    async ({ name }): Promise<[string, KubeClient]> => [name, await cluster.kubeOf(name)],
  );
  const client = await cluster.kube();
  try {
    return {
      nodes: await readyNodes({ ...options, client }),
      client,
      controlPlanes: new Map(await Promise.all(clients)),
    };
  } catch (error) {
    throw isPassing(error) ? unreachable(error) : error;
  }
}

function unreachable({ code, message, host, detail }: DisklessError): DisklessError {
  const place = { ...(host !== undefined && { host }), ...(detail !== undefined && { detail }) };
  return new DisklessError({ code, message, ...place, hint: 'k8s-diskless up finds out why, and repairs it' });
}
