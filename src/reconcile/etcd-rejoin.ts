import type { EtcdBootstrap } from '../components/context.js';
import { DisklessError } from '../errors.js';
import type { EtcdGateway, EtcdMember } from '../etcd/gateway.js';
import { peerUrl } from '../etcd/peer-url.js';
import { hasCode } from '../kube/api-errors.js';
import { judgementOf, type Reconciliation, workOf } from './reconciliation.js';
import { isUnsettled, type Patience, retrying, SETTLE } from './settling.js';

/** MemberAdd is refused until the leader has been connected to every voter for 5 s (etcd, HealthInterval). */
const ADD_RETRY = { everyMs: 500, forMs: 30_000 };
/** A voter that cannot be reached will not be connected either: just long enough for those that were only restarted. */
const ADD_RETRY_BESIDE_ABSENT = { everyMs: 500, forMs: 8_000 };
/** A learner may be promoted once it has 90 % of the leader's log: on a small cluster at once. */
const PROMOTE_RETRY = { everyMs: 200, forMs: 60_000 };

/** Brings blank members back one after another; shared by all steps of a run. */
export interface EtcdRejoin {
  /** Adds the node as a learner, has it started, and promotes it. */
  rejoin(node: string, start: (bootstrap: EtcdBootstrap) => Promise<void>): Promise<void>;
}

/** @param given the run it belongs to, asked for when the first node rejoins */
export function createEtcdRejoin(given: () => Reconciliation): EtcdRejoin {
  let cleared: Promise<void> | undefined;
  let tail: Promise<unknown> = Promise.resolve();
  return {
    rejoin(node, start) {
      const turn = tail.then(async () => {
        const context = given();
        cleared ??= clearOldEntries(context);
        await cleared;
        await rejoinOne(context, node, start);
      });
      tail = turn.catch(() => undefined);
      return turn;
    },
  };
}

interface Question {
  patience: Patience;
  /** Beside what passes by itself in any case. */
  passes?: (error: unknown) => boolean;
}

/**
 * Asks some member that has its data and proves a quorum, at every attempt anew: the one that was asked before may be gone,
 * and its machine need not take part in this run.
 */
function ask<T>(
  context: Reconciliation,
  { patience, passes = () => false }: Question,
  question: (gateway: EtcdGateway) => Promise<T>,
): Promise<T> {
  const { verdict } = judgementOf(context);
  const holders = verdict.code === 'rejoin' ? verdict.holders : [];
  const isPassing = (error: unknown): boolean => isUnsettled(error) || passes(error);
  return retrying(context, patience, isPassing, async () =>
    question(await context.access.quorumThrough(holders, context.signal)),
  );
}

const memberList = (context: Reconciliation): Promise<EtcdMember[]> =>
  ask(context, { patience: SETTLE }, (gateway) => gateway.memberList({ signal: context.signal }));

/**
 * All old entries of all blank members go first: a member that lost its data must never come back under its old ID
 * (etcd-io/etcd#7445), and adding one is refused while an entry beside it is dead.
 */
async function clearOldEntries(context: Reconciliation): Promise<void> {
  const { verdict } = judgementOf(context);
  if (verdict.code !== 'rejoin') return;
  const members = await memberList(context);
  for (const name of verdict.blank) {
    const url = peerUrl(workOf(context, name).nodeIp);
    for (const member of members.filter((entry) => entry.name === name || entry.peerUrls.includes(url))) {
      context.bus.emit({ type: 'change', step: 'etcd', node: name, what: `remove old etcd member ${member.id}` });
      await removeMember(context, member.id);
    }
  }
}

/** Removal that was answered too late is found done: the next attempt meets nothing to remove. */
async function removeMember(context: Reconciliation, id: string): Promise<void> {
  const { signal } = context;
  await ask(context, { patience: SETTLE }, (gateway) => gateway.memberRemove(id, { signal })).catch((error) => {
    if (!hasCode(error, 'etcd-not-found')) throw error;
  });
}

async function rejoinOne(
  context: Reconciliation,
  node: string,
  start: (bootstrap: EtcdBootstrap) => Promise<void>,
): Promise<void> {
  const { record } = judgementOf(context);
  const url = peerUrl(workOf(context, node).nodeIp);
  const added = await addLearner(context, url);
  context.bus.emit({ type: 'change', step: 'etcd', node, what: `add etcd learner ${added.id}` });
  const members = await memberList(context);
  await start({
    token: record.etcd.token,
    initialClusterState: 'existing',
    initialCluster: members.flatMap((member) => clusterEntry(member, added.id, node)),
  });
  await promote(context, added.id);
  context.bus.emit({ type: 'change', step: 'etcd', node, what: `promote etcd member ${added.id}` });
}

/** Promotion that was answered too late is found done: the next attempt meets a voter. */
async function promote(context: Reconciliation, id: string): Promise<void> {
  const { signal } = context;
  const passes = (error: unknown): boolean => hasCode(error, 'etcd-learner-not-ready');
  await ask(context, { patience: PROMOTE_RETRY, passes }, (gateway) =>
    gateway.memberPromote(id, { signal }).catch(async (error) => {
      if (!hasCode(error, 'etcd-not-a-learner')) throw error;
      const known = (await gateway.memberList({ signal })).find((member) => member.id === id);
      if (known === undefined || known.isLearner) throw error;
    }),
  );
}

/** An answer that was lost shows in the list: adding is no thing to be done twice. */
async function addLearner(context: Reconciliation, url: string): Promise<EtcdMember> {
  const { verdict } = judgementOf(context);
  const absent = 'absent' in verdict ? verdict.absent : [];
  const patience = absent.length > 0 ? ADD_RETRY_BESIDE_ABSENT : ADD_RETRY;
  const passes = (error: unknown): boolean => hasCode(error, 'etcd-unhealthy-cluster');
  const add = async (gateway: EtcdGateway): Promise<EtcdMember> => {
    const known = (await gateway.memberList({ signal: context.signal })).find(({ peerUrls }) => peerUrls.includes(url));
    return known ?? gateway.memberAdd({ peerUrls: [url], learner: true }, { signal: context.signal });
  };
  return ask(context, { patience, passes }, add).catch((cause) => {
    if (!hasCode(cause, 'etcd-unhealthy-cluster') || absent.length === 0) throw cause;
    throw new DisklessError({
      code: 'etcd-rejoin-blocked',
      message: `etcd takes no member in while ${absent.join(', ')} cannot be reached; the cluster works without`,
      hint: `bring ${absent.join(' or ')} back and run up again`,
      cause,
    });
  });
}

/** A member that has not started yet has no name in the list. */
function clusterEntry({ id, name, peerUrls }: EtcdMember, own: string, node: string): EtcdBootstrap['initialCluster'] {
  const known = id === own ? node : name || id;
  return peerUrls.map((url) => ({ name: known, peerUrl: url }));
}
