import { untilAborted } from '../../abort.js';
import type { Cluster } from '../../cluster/cluster.js';
import type { NodeSession } from '../../cluster/node-session.js';
import type { ClusterSpec } from '../../config/spec.js';
import { DisklessError, EXIT } from '../../errors.js';
import type { KubeClient } from '../../kube/client.js';
import { repelling, taintText } from '../../kube/node-taints.js';
import { waitNodesReady, whyNoPodsYet, whyNotReady } from '../../kube/nodes-ready.js';
import type { KubeNode } from '../../kube/objects.js';
import { resourcePath } from '../../kube/paths.js';
import { readBootId } from '../../ssh/boot-id.js';
import type { BenchNode } from './bench-node.js';

export interface ReadyNodesOptions {
  spec: ClusterSpec;
  client: KubeClient;
  cluster: Cluster;
  tell: (line: string) => void;
  signal: AbortSignal;
  takesPodsMs?: number;
}

/** Longer than the loss of a node that is back, and the election of another controller-manager, need to be noticed. */
const TAKES_PODS_MS = 60_000;

/** The nodes of the record, each once it takes pods or is found to take none. @throws `nodes-not-ready`, refusals */
export async function readyNodes(options: ReadyNodesOptions): Promise<BenchNode[]> {
  const { spec, cluster, signal } = options;
  // First: who is asked for the API over a connection that is refused would only say that it cannot be reached.
  const bootIds = await bootIdsOf(
    spec.nodes.map(({ name }) => cluster.session(name)),
    signal,
  );
  const nodes = await findNodes(options, bootIds);
  const tainted = nodes.filter(({ object }) => whyNoPodsYet(object) !== undefined);
  if (tainted.length === 0) return nodes;
  await untilTheyTakePods(options, tainted);
  return findNodes(options, bootIds);
}

type BootIds = ReadonlyMap<string, string | Error>;

async function findNodes({ spec, client, cluster, signal }: ReadyNodesOptions, bootIds: BootIds) {
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
    const arch = object.metadata.labels?.['kubernetes.io/arch'] ?? 'amd64';
    const repelledBy = repelling(object).map(taintText);
    const schedulable = repelledBy.length === 0;
    return [{ name, role, address, arch, schedulable, repelledBy, bootId, object, session: cluster.session(name) }];
  });
  if (problems.length === 0) return nodes;
  throw new DisklessError({
    code: 'nodes-not-ready',
    message: `${problems.length} of ${spec.nodes.length} nodes are not Ready, and a benchmark needs them all`,
    detail: problems.sort().join('\n'),
    hint: 'k8s-diskless up brings them back',
  });
}

/** A node that has just become Ready is no node that takes no pods. */
async function untilTheyTakePods(options: ReadyNodesOptions, tainted: readonly BenchNode[]): Promise<void> {
  const { client, tell, signal, takesPodsMs = TAKES_PODS_MS } = options;
  tell(`waiting until pods can be scheduled on ${tainted.map(({ name }) => name).join(', ')}`);
  const nodes = new Map(tainted.map(({ name, bootId }) => [name, bootId]));
  await waitNodesReady({ client, nodes, signal, timeoutMs: takesPodsMs });
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
