import { deadline } from '../../abort.js';
import { hasCode, isPassing } from '../../kube/api-errors.js';
import type { KubeClient } from '../../kube/client.js';
import type { KubeNode, KubePod } from '../../kube/objects.js';
import { resourcePath } from '../../kube/paths.js';
import { isPodReady, whyBackingOff } from '../../kube/pod-state.js';
import { hasRoom } from '../../kube/room.js';
import { type Spread, spreadOf } from '../../kube/spread.js';
import { watch } from '../../kube/watch.js';
import { waitsFor } from '../../runner/long-waits.js';
import type { Gave, Outcome, StepPlace } from '../../runner/sequence.js';
import { changed } from '../change.js';
import { hasControllers, type JudgedRun, type Run } from '../context.js';
import type { DnsPods, DnsState } from '../dns-pods.js';
import { settling, shortly } from '../settling.js';

const NODES = resourcePath({ apiVersion: 'v1', resource: 'nodes' });

interface WithDns extends JudgedRun {
  readonly addons: { dnsPods: DnsPods | undefined };
  /** Nodes whose components are well. */
  readonly healthy: ReadonlyMap<string, unknown>;
}

/**
 * Name servers that share a node go away with it. The scheduler spreads new ones (manifests/coredns.yaml), and leaves
 * where they are those that came together while other nodes were away: one is evicted then, while another one works.
 * Whether any of them is ready is waited for too: the cluster's network is proven with what it answers.
 */
export async function spreadDns(context: WithDns, { step, signal }: StepPlace): Promise<Gave<DnsState>> {
  const { dnsPods } = context.addons;
  if (dnsPods === undefined || !hasControllers(context, context.healthy))
    return { outcome: 'unchanged', gives: { answers: false, fails: false } };
  const client = await context.cluster.kube();
  const { items: nodes } = await settling(context, () => client.list<KubeNode>(NODES, { signal }));
  const limit = deadline({ parent: signal, ms: shortly(context).forMs });
  // A kubelet that has not found an image looks for it again in some seconds, and it is there by now.
  const isImported = [...context.judgement.work.values()].some(({ difference }) => difference.images.length > 0);
  const moved = new Set<string>();
  let last: Spread | undefined;
  let hopeless: string | undefined;
  let answers = false;
  try {
    for await (const pods of podsSeen(client, dnsPods, limit.signal)) {
      const spread = spreadOf({ ...dnsPods, pods, nodes, nowMs: context.options.clock.now() });
      last = spread;
      answers = pods.some(isPodReady);
      if (spread.kind === 'stuck') break;
      if (spread.kind === 'spread') {
        const reasons = pods.map(whyBackingOff);
        hopeless = reasons.find((reason) => reason !== undefined);
        if (answers || (!isImported && reasons.every((reason) => reason !== undefined))) break;
        waitsFor('no name server is ready yet');
        continue;
      }
      waitsFor('why' in spread ? spread.why : `name servers are together on ${spread.node}`);
      if (spread.kind !== 'crowded' || moved.has(spread.evict.metadata.name)) continue;
      const { name } = spread.evict.metadata;
      const against = await wantOfRoom(context, { client, spread, signal: limit.signal });
      const eviction = against ?? (await evict(client, spread.evict, limit.signal));
      if (eviction === 'not-now') continue;
      if (eviction !== 'goes') {
        last = { kind: 'stuck', why: eviction.why };
        break;
      }
      moved.add(name);
      changed(context, { step }, `evict ${name}, one of several name servers on ${spread.node}`);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!limit.signal.aborted) throw error;
  } finally {
    limit.release();
  }
  const isSpread = last?.kind === 'spread';
  if (!isSpread) warn(context, last);
  else if (!answers) warnOfSilence(context, dnsPods, hopeless);
  const outcome: Outcome = moved.size > 0 ? 'changed' : 'unchanged';
  return { outcome, gives: { answers, fails: isSpread && !answers } };
}

/** All of them, whenever one changes. */
async function* podsSeen(client: KubeClient, { namespace, labels }: DnsPods, signal: AbortSignal) {
  const path = resourcePath({ apiVersion: 'v1', resource: 'pods', namespace });
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const pods = new Map<string, KubePod>();
  for await (const event of watch<KubePod>({ client, path, labelSelector, signal })) {
    if (event.type === 'listed') {
      pods.clear();
      for (const pod of event.items) pods.set(pod.metadata.name, pod);
    } else if (event.type === 'deleted') pods.delete(event.object.metadata.name);
    else pods.set(event.object.metadata.name, event.object);
    yield [...pods.values()];
  }
}

interface Against {
  why: string;
}

interface Crowd {
  client: KubeClient;
  spread: Extract<Spread, { kind: 'crowded' }>;
  signal: AbortSignal;
}

/** Evicted, it would be missing: it works where it is, and would find no other place. */
async function wantOfRoom(
  context: Run,
  { client, spread: { evict: pod, others }, signal }: Crowd,
): Promise<Against | undefined> {
  const path = resourcePath({ apiVersion: 'v1', resource: 'pods' });
  for (const node of others) {
    const query = { fieldSelector: `spec.nodeName=${node.metadata.name}` };
    const { items: there } = await settling(context, () => client.list<KubePod>(path, { query, signal }));
    if (hasRoom({ pod, node, there })) return undefined;
  }
  const names = others.map(({ metadata }) => metadata.name).join(', ');
  return { why: `no room on ${names} for what ${pod.metadata.name} requests` };
}

/** Somebody's PodDisruptionBudget may be against it, which no waiting here changes. */
async function evict(
  client: KubeClient,
  { metadata }: KubePod,
  signal: AbortSignal,
): Promise<'goes' | 'not-now' | Against> {
  const { name, namespace } = metadata;
  const path = resourcePath({ apiVersion: 'v1', resource: 'pods', namespace, name, subresource: 'eviction' });
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, ...(namespace && { namespace }) } };
  try {
    await client.create(path, eviction, { signal });
    return 'goes';
  } catch (error) {
    signal.throwIfAborted();
    if (hasCode(error, 'kube-busy')) return { why: error.message };
    if (isPassing(error) || hasCode(error, 'kube-not-found')) return 'not-now';
    throw error;
  }
}

function warnOfSilence({ bus }: Run, { namespace }: DnsPods, why: string | undefined): void {
  bus.emit({
    type: 'note',
    level: 'warning',
    code: 'dns-not-ready',
    message: `no name server is ready${why === undefined ? ' yet' : `: ${why}`}`,
    hint: `k8s-diskless kubectl -- -n ${namespace} get pods shows why`,
  });
}

function warn({ bus }: Run, spread: Spread | undefined): void {
  const why = spread && 'why' in spread ? `: ${spread.why}` : '';
  bus.emit({
    type: 'note',
    level: 'warning',
    code: 'dns-not-spread',
    message: `the name servers do not run on as many nodes as there are for them${why}`,
    hint: 'k8s-diskless kubectl -- -n kube-system get pods -o wide shows where they are; the next up tries again',
  });
}
