import type { EtcdBootstrap } from '../components/context.js';
import type { EtcdMember } from '../etcd/gateway.js';
import { peerUrl } from '../etcd/peer-url.js';
import { waitsFor } from '../runner/long-waits.js';
import { changed } from './change.js';
import type { JudgedRun } from './context.js';
import { addLearner, giveUpLearner, listMembers, removeMember, updatePeerUrl } from './etcd-members.js';
import { startAndPromote } from './etcd-promotion.js';
import type { EtcdRejoin, JoiningMember } from './joining-member.js';
import type { Judgement } from './judgement.js';

/** @param given the run it belongs to, asked for when the first node rejoins */
export function createEtcdRejoin(given: () => JudgedRun): EtcdRejoin {
  let cleared: Promise<void> | undefined;
  let tail: Promise<unknown> = Promise.resolve();
  const clear = (): Promise<void> => {
    cleared ??= clearOldEntries(given());
    return cleared;
  };
  const inTurn = (signal: AbortSignal, work: () => Promise<void>): Promise<void> => {
    waitsFor('members of etcd change one after another, and it is the turn of another one');
    const turn = tail.then(async () => {
      signal.throwIfAborted();
      await clear();
      await work();
    });
    tail = turn.catch(() => undefined);
    return turn;
  };
  return {
    clear,
    rejoin: (node, member, signal) => inTurn(signal, () => rejoinOne(given(), { node, member, signal })),
    promote: (node, member, signal) => inTurn(signal, () => promoteOne(given(), { node, member, signal }, member.id)),
    move: (node, { id, url, restart }, signal) =>
      inTurn(signal, async () => {
        const own = { ...given(), signal };
        await updatePeerUrl(own, id, url);
        changed(own, { step: 'etcd', node }, `update etcd member ${id} to ${url}`);
        await restart();
      }),
  };
}

/**
 * All old entries of all members that lost their data go first: none of them must ever come back under its old ID
 * (etcd-io/etcd#7445), and adding one is refused while an entry beside it is dead.
 */
async function clearOldEntries(context: JudgedRun): Promise<void> {
  for (const order of context.judgement.orders.cluster) {
    if (order.do !== 'remove-entry') continue;
    changed(context, { step: 'etcd', node: order.member }, `remove old etcd member ${order.id}`);
    await removeMember(context, order.id);
  }
}

interface Joining {
  node: string;
  member: JoiningMember;
  /** Of this node's step; the learner is given up on the run's. */
  signal: AbortSignal;
}

async function rejoinOne(context: JudgedRun, joining: Joining): Promise<void> {
  const { node, member, signal } = joining;
  const own = { ...context, signal };
  const added = await addLearner(own, node, peerUrl(addressOf(context.judgement, node)));
  changed(context, { step: 'etcd', node }, `add etcd learner ${added.id}`);
  await promoteOne(context, joining, added.id, async () =>
    member.prepare(await bootstrapOf(own, node, added), added.id),
  );
}

async function promoteOne(
  context: JudgedRun,
  { node, member, signal }: Joining,
  id: string,
  before: () => Promise<void> = async () => {},
): Promise<void> {
  try {
    await before();
    await startAndPromote({ ...context, signal }, { node, member, id });
  } catch (error) {
    // What failed is what the report is about.
    await giveUpLearner(context, id).catch(() => undefined);
    throw error;
  }
}

function addressOf({ work }: Judgement, node: string): string {
  const planned = work.get(node);
  if (planned === undefined) throw new Error(`no work was planned for ${node}`);
  return planned.nodeIp;
}

/** Only after it was added are all members known that it must be told of. */
async function bootstrapOf(context: JudgedRun, node: string, added: EtcdMember): Promise<EtcdBootstrap> {
  const members = await listMembers(context);
  return {
    token: context.judgement.record.etcd.token,
    initialClusterState: 'existing',
    initialCluster: members.flatMap((member) => clusterEntry(member, added.id, node)),
  };
}

/** A member that has not started yet has no name in the list. */
function clusterEntry({ id, name, peerUrls }: EtcdMember, own: string, node: string): EtcdBootstrap['initialCluster'] {
  const known = id === own ? node : name || id;
  return peerUrls.map((url) => ({ name: known, peerUrl: url }));
}
