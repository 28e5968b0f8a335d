import { deadline } from '../abort.js';
import type { KubeClient } from './client.js';
import { passingTaint } from './node-taints.js';
import type { KubeNode } from './objects.js';
import { resourcePath } from './paths.js';
import { watch } from './watch.js';

/** `boot_id` by node name. */
export type BootIds = ReadonlyMap<string, string>;

export interface WaitNodesReadyOptions {
  client: KubeClient;
  nodes: BootIds;
  /** Called once per node when it is Ready, as it happens. */
  onReady?: (name: string, node: KubeNode) => void;
  /** Called once per node when it is Ready and no passing taint keeps pods off it. */
  onTakesPods?: (name: string) => void;
  /** Called with what a node lacks, whenever it is looked at and lacks something. */
  onPending?: (name: string, reason: string) => void;
  signal: AbortSignal;
  /** Default: none but the signal. */
  timeoutMs?: number;
}

export interface NodesReady {
  /** Those that are Ready and bear no passing taint, as they were then. */
  ready: Map<string, KubeNode>;
  /** What the others lacked when time was up; empty when all are ready. */
  pending: Map<string, string>;
}

export const NOT_REGISTERED = 'it has not registered with the API';

const NODES = resourcePath({ apiVersion: 'v1', resource: 'nodes' });

/**
 * Watches until every node is Ready in this boot epoch and the node controller has taken the taints off that it bore
 * until then: some moments later, in which the scheduler leaves it out. Running out of time is a result, not an error:
 * the cluster works without a missing worker.
 */
export async function waitNodesReady(options: WaitNodesReadyOptions): Promise<NodesReady> {
  const { client, nodes, signal, timeoutMs } = options;
  const ready = new Map<string, KubeNode>();
  const told = new Set<string>();
  const pending = new Map([...nodes.keys()].map((name) => [name, NOT_REGISTERED]));
  const done = (): NodesReady => ({ ready, pending });
  if (pending.size === 0) return done();

  const limit = deadline({ parent: signal, ms: timeoutMs });
  const look = (node: KubeNode): void => {
    const { name } = node.metadata;
    const bootId = nodes.get(name);
    if (bootId === undefined || ready.has(name)) return;
    const unready = whyNotReady(node, bootId);
    if (unready === undefined && !told.has(name)) {
      told.add(name);
      options.onReady?.(name, node);
    }
    const reason = unready ?? whyNoPodsYet(node);
    if (reason === undefined) {
      pending.delete(name);
      ready.set(name, node);
      options.onTakesPods?.(name);
      return;
    }
    pending.set(name, reason);
    options.onPending?.(name, reason);
  };
  try {
    for await (const event of watch<KubeNode>({ client, path: NODES, signal: limit.signal })) {
      if (event.type === 'listed') event.items.forEach(look);
      else if (event.type !== 'deleted') look(event.object);
      if (pending.size === 0) return done();
    }
    return done();
  } catch (error) {
    signal.throwIfAborted();
    if (limit.signal.aborted) return done();
    throw error;
  } finally {
    limit.release();
  }
}

/**
 * What keeps a node from being Ready; undefined when it is. The boot ID decides first: the Node object of a machine
 * that was rebooted goes on saying Ready until its lease runs out.
 */
export function whyNotReady(node: KubeNode, bootId: string): string | undefined {
  const seen = node.status?.nodeInfo?.bootID;
  if (!seen) return 'its kubelet has not reported yet';
  if (seen !== bootId) return 'its kubelet has not reported since the reboot';
  const condition = node.status?.conditions?.find(({ type }) => type === 'Ready');
  if (condition === undefined) return 'its kubelet has not reported a Ready condition';
  return condition.status === 'True' ? undefined : (condition.message ?? condition.reason ?? 'it is not Ready');
}

/** What keeps pods off a node that is Ready, for the moments that its controller needs; undefined: nothing does. */
export function whyNoPodsYet(node: KubeNode): string | undefined {
  const taint = passingTaint(node);
  return taint && `it still bears the taint ${taint}, which kube-controller-manager takes off`;
}
