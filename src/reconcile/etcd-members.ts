import { DisklessError } from '../errors.js';
import type { EtcdGateway, EtcdMember } from '../etcd/gateway.js';
import { hasCode } from '../kube/api-errors.js';
import type { JudgedRun } from './context.js';
import { isUnsettled, type Patience, retrying, shortly } from './settling.js';

/* Changes of etcd's membership that survive a change of its leader, and the loss of an answer. */

/** MemberAdd is refused until the leader has been connected to every voter for 5 s (etcd, HealthInterval). */
const ADD_RETRY = { everyMs: 500, forMs: 30_000 };
/** A voter that cannot be reached will not be connected either: just long enough for those that were only restarted. */
const ADD_RETRY_BESIDE_ABSENT = { everyMs: 500, forMs: 8_000 };
/** A learner may be promoted once it has 90 % of the leader's log: on a small cluster at once. */
const PROMOTE_RETRY = { everyMs: 200, forMs: 60_000 };

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
  context: JudgedRun,
  { patience, passes = () => false }: Question,
  question: (gateway: EtcdGateway) => Promise<T>,
): Promise<T> {
  const { through } = context.judgement.orders.quorum;
  const isPassing = (error: unknown): boolean => isUnsettled(error) || passes(error);
  return retrying(context, patience, isPassing, async () =>
    question(await context.cluster.quorumThrough(through, context.signal)),
  );
}

export function listMembers(context: JudgedRun): Promise<EtcdMember[]> {
  return ask(context, { patience: shortly(context) }, (gateway) => gateway.memberList({ signal: context.signal }));
}

/** Removal that was answered too late is found done: the next attempt meets nothing to remove. */
export async function removeMember(context: JudgedRun, id: string): Promise<void> {
  const { signal } = context;
  await ask(context, { patience: shortly(context) }, (gateway) => gateway.memberRemove(id, { signal })).catch(
    (error) => {
      if (!hasCode(error, 'etcd-not-found')) throw error;
    },
  );
}

/**
 * An answer that was lost shows in the list: adding is no thing to be done twice. Only a learner that never started may be
 * the one of this very attempt; any other at that URL is a member of its own.
 *
 * @throws DisklessError `etcd-rejoin-blocked` when voters that take no part keep etcd from it; `etcd-address-taken`
 */
export async function addLearner(context: JudgedRun, node: string, url: string): Promise<EtcdMember> {
  const { blocking, through } = context.judgement.orders.quorum;
  const patience = blocking !== undefined && blocking.members.length > 0 ? ADD_RETRY_BESIDE_ABSENT : ADD_RETRY;
  const passes = (error: unknown): boolean => hasCode(error, 'etcd-unhealthy-cluster');
  const { signal } = context;
  const add = async (gateway: EtcdGateway): Promise<EtcdMember> => {
    const known = (await gateway.memberList({ signal })).find(({ peerUrls }) => peerUrls.includes(url));
    if (known && !(known.isLearner && known.name === '')) throw addressTaken(node, known, url);
    return known ?? gateway.memberAdd({ peerUrls: [url], learner: true }, { signal });
  };
  return ask(context, { patience, passes }, add).catch((cause) => {
    if (!hasCode(cause, 'etcd-unhealthy-cluster')) throw cause;
    const { message, hint } = blocking ?? {
      message: 'etcd accepts no new member while its members are not all connected; the cluster keeps working',
      hint: `restart etcd.service where its log shows that it hangs (journalctl -u etcd on ${through.join(', ')}), and run up again`,
    };
    throw new DisklessError({ code: 'etcd-rejoin-blocked', message, hint, cause });
  });
}

function addressTaken(host: string, { name, id }: EtcdMember, url: string): DisklessError {
  const owner = name || id;
  return new DisklessError({
    code: 'etcd-address-taken',
    host,
    message: `it cannot join etcd at ${url}: the others know ${owner} by that address`,
    hint: `bring ${owner} back and run up again, which tells the others its new address; or give ${host} another address`,
  });
}

/** Promotion that was answered too late is found done: the next attempt meets a voter. */
export async function promoteLearner(context: JudgedRun, id: string): Promise<void> {
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

/** Repeated it does no harm. */
export async function updatePeerUrl(context: JudgedRun, id: string, url: string): Promise<void> {
  const { signal } = context;
  await ask(context, { patience: shortly(context) }, (gateway) => gateway.memberUpdate(id, [url], { signal }));
}

/** Beside a learner etcd adds no other, and the next run begins anew with this one anyway. One that was promoted stays. */
export async function giveUpLearner(context: JudgedRun, id: string): Promise<void> {
  const members = await listMembers(context);
  if (members.some((member) => member.id === id && member.isLearner)) await removeMember(context, id);
}
