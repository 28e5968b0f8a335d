import { deadline } from '../abort.js';
import { isMinorUpgrade } from '../config/upgrade-stages.js';
import { DisklessError } from '../errors.js';
import { cordon, uncordon } from '../kube/cordon.js';
import { drain } from '../kube/drain.js';
import { whyNotReady } from '../kube/nodes-ready.js';
import type { KubeNode } from '../kube/objects.js';
import { resourcePath } from '../kube/paths.js';
import { watch } from '../kube/watch.js';
import { waitsFor } from '../runner/long-waits.js';
import type { StepPlace } from '../runner/sequence.js';
import { changed } from './change.js';
import type { AtWork } from './context.js';

/** kubelets of another minor take a node's pods over only from one that is drained (version skew policy). */
export function isDrainedFor({ judgement, memory }: AtWork): boolean {
  const upgrade = memory.record?.upgrade;
  if (upgrade?.stage !== 'nodes' || judgement.orders.quorum.state !== 'works') return false;
  return isMinorUpgrade(upgrade);
}

/** Restarts the node's kubelet, and what goes with it, while no pod is there that it could take along; some nodes at a time. */
export async function drained(context: AtWork, place: StepPlace, restart: () => Promise<void>): Promise<void> {
  const { options, draining, cluster } = context;
  const { node, signal } = place;
  waitsFor('other nodes are drained first');
  await draining.run(async () => {
    const client = await cluster.kube();
    const isOurs = await cordon(client, node, signal);
    if (isOurs) changed(context, place, 'cordon it');
    changed(context, place, 'drain it');
    const { sleep } = options.clock;
    const left = await drain({ client, node, forMs: options.readyTimeoutMs, sleep, onWait: waitsFor, signal });
    if (left.length > 0) tellOfLeft(context, node, left);
    await restart();
    await untilUpgraded(context, place);
    await undoCordon(context, place);
  });
}

/** Of ours: an earlier run may have been killed before it could. */
export async function undoCordon(context: AtWork, place: StepPlace): Promise<void> {
  const client = await context.cluster.kube();
  if (await uncordon(client, place.node, place.signal)) changed(context, place, 'uncordon it');
}

function tellOfLeft({ bus }: AtWork, node: string, left: readonly string[]): void {
  const message = `left running, since nothing would make them anew: ${left.join(', ')}`;
  bus.emit({ type: 'note', level: 'warning', code: 'pods-left', node, message });
}

/** Its kubelet of the new version has said that it is Ready. */
async function untilUpgraded(context: AtWork, { node, signal: parent }: StepPlace): Promise<void> {
  const { memory, options, work, cluster } = context;
  const wanted = `v${memory.record?.upgrade?.to.kubernetes}`;
  const ms = options.readyTimeoutMs;
  const limit = deadline({ parent, ms });
  let lacks = 'its kubelet has not spoken';
  try {
    const path = resourcePath({ apiVersion: 'v1', resource: 'nodes' });
    const client = await cluster.kube();
    const fieldSelector = `metadata.name=${node}`;
    for await (const event of watch<KubeNode>({ client, path, fieldSelector, signal: limit.signal })) {
      const [object] = event.type === 'listed' ? event.items : [event.object];
      if (object === undefined) continue;
      const version = object.status?.nodeInfo?.kubeletVersion;
      lacks = (version === wanted ? whyNotReady(object, work.facts.bootId) : `its kubelet is ${version}`) ?? '';
      if (lacks === '') return;
      waitsFor(lacks);
    }
  } catch (error) {
    parent.throwIfAborted();
    if (!limit.signal.aborted) throw error;
    throw new DisklessError({
      code: 'node-not-ready',
      host: node,
      message: `it was not Ready with ${wanted} after ${ms / 1000} s: ${lacks}`,
      hint: "its kubelet's log tells why: k8s-diskless logs NODE kubelet; run the same again after that",
    });
  } finally {
    limit.release();
  }
}
