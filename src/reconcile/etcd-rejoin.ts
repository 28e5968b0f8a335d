import type { EtcdBootstrap } from '../components/context.js';
import type { EtcdMember } from '../etcd/gateway.js';
import { peerUrl } from '../etcd/peer-url.js';
import { waitsFor } from '../runner/long-waits.js';
import { changed } from './change.js';
import { addLearner, giveUpLearner, listMembers, removeMember } from './etcd-members.js';
import { startAndPromote } from './etcd-promotion.js';
import { type EtcdRejoin, type JoiningMember, judgementOf, type Reconciliation, workOf } from './reconciliation.js';

/** @param given the run it belongs to, asked for when the first node rejoins */
export function createEtcdRejoin(given: () => Reconciliation): EtcdRejoin {
  let cleared: Promise<void> | undefined;
  let tail: Promise<unknown> = Promise.resolve();
  const clear = (): Promise<void> => {
    cleared ??= clearOldEntries(given());
    return cleared;
  };
  return {
    clear,
    rejoin(node, member, signal) {
      waitsFor('members rejoin one after another, and it is the turn of another one');
      const turn = tail.then(async () => {
        signal.throwIfAborted();
        await clear();
        await rejoinOne(given(), { node, member, signal });
      });
      tail = turn.catch(() => undefined);
      return turn;
    },
  };
}

/**
 * All old entries of all members that lost their data go first: none of them must ever come back under its old ID
 * (etcd-io/etcd#7445), and adding one is refused while an entry beside it is dead.
 */
async function clearOldEntries(context: Reconciliation): Promise<void> {
  const { verdict, peers } = judgementOf(context);
  if (!('forget' in verdict)) return;
  const blank = verdict.code === 'rejoin' ? verdict.blank : [];
  const members = await listMembers(context);
  for (const name of [...blank, ...verdict.forget]) {
    const urls = peers.filter((peer) => peer.name === name).map(({ nodeIp }) => peerUrl(nodeIp));
    const isOld = (entry: EtcdMember): boolean =>
      entry.name === name || entry.peerUrls.some((url) => urls.includes(url));
    for (const member of members.filter(isOld)) {
      changed(context, { step: 'etcd', node: name }, `remove old etcd member ${member.id}`);
      await removeMember(context, member.id);
    }
  }
}

interface Rejoining {
  node: string;
  member: JoiningMember;
  /** Of this node's step; the learner is given up on the run's. */
  signal: AbortSignal;
}

async function rejoinOne(context: Reconciliation, { node, member, signal }: Rejoining): Promise<void> {
  const own = { ...context, signal };
  const added = await addLearner(own, peerUrl(workOf(context, node).nodeIp));
  changed(context, { step: 'etcd', node }, `add etcd learner ${added.id}`);
  try {
    await member.prepare(await bootstrapOf(own, node, added));
    await startAndPromote(own, { node, member, id: added.id });
  } catch (error) {
    // What failed is what the report is about.
    await giveUpLearner(context, added.id).catch(() => undefined);
    throw error;
  }
}

/** Only after it was added are all members known that it must be told of. */
async function bootstrapOf(context: Reconciliation, node: string, added: EtcdMember): Promise<EtcdBootstrap> {
  const members = await listMembers(context);
  return {
    token: judgementOf(context).record.etcd.token,
    initialClusterState: 'existing',
    initialCluster: members.flatMap((member) => clusterEntry(member, added.id, node)),
  };
}

/** A member that has not started yet has no name in the list. */
function clusterEntry({ id, name, peerUrls }: EtcdMember, own: string, node: string): EtcdBootstrap['initialCluster'] {
  const known = id === own ? node : name || id;
  return peerUrls.map((url) => ({ name: known, peerUrl: url }));
}
