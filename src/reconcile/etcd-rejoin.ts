import type { EtcdBootstrap } from '../components/context.js';
import { DisklessError } from '../errors.js';
import type { EtcdGateway, EtcdMember } from '../etcd/gateway.js';
import { peerUrl } from '../etcd/peer-url.js';
import { hasCode, isPassing } from '../kube/api-errors.js';
import { judgementOf, type Reconciliation, workOf } from './reconciliation.js';
import { retrying, settling } from './settling.js';

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

/** Some member that holds data and answers, whether or not its machine takes part in this run. */
function survivor({ access, judgement, signal }: Reconciliation): Promise<EtcdGateway> {
  const holders = judgement?.verdict.code === 'rejoin' ? judgement.verdict.holders : [];
  return access.quorumThrough(holders, signal);
}

/**
 * All old entries of all blank members go first: a member that lost its data must never come back under its old ID
 * (etcd-io/etcd#7445), and adding one is refused while an entry beside it is dead.
 */
async function clearOldEntries(context: Reconciliation): Promise<void> {
  const { verdict } = judgementOf(context);
  if (verdict.code !== 'rejoin') return;
  const gateway = await survivor(context);
  const members = await gateway.memberList({ signal: context.signal });
  for (const name of verdict.blank) {
    const url = peerUrl(workOf(context, name).nodeIp);
    for (const member of members.filter((entry) => entry.name === name || entry.peerUrls.includes(url))) {
      context.bus.emit({ type: 'change', step: 'etcd', node: name, what: `remove old etcd member ${member.id}` });
      await removeMember(context, gateway, member.id);
    }
  }
}

/** Removal that was answered too late is found done: the next attempt meets nothing to remove. */
async function removeMember(context: Reconciliation, gateway: EtcdGateway, id: string): Promise<void> {
  await settling(context, () => gateway.memberRemove(id, { signal: context.signal })).catch((error) => {
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
  const gateway = await survivor(context);
  const added = await addLearner(context, gateway, url);
  context.bus.emit({ type: 'change', step: 'etcd', node, what: `add etcd learner ${added.id}` });
  const members = await gateway.memberList({ signal: context.signal });
  await start({
    token: record.etcd.token,
    initialClusterState: 'existing',
    initialCluster: members.flatMap((member) => clusterEntry(member, added.id, node)),
  });
  await retrying(
    context,
    PROMOTE_RETRY,
    (error) => hasCode(error, 'etcd-learner-not-ready'),
    () => gateway.memberPromote(added.id, { signal: context.signal }),
  );
  context.bus.emit({ type: 'change', step: 'etcd', node, what: `promote etcd member ${added.id}` });
}

/** An answer that was lost shows in the list: adding is no thing to be done twice. */
async function addLearner(context: Reconciliation, gateway: EtcdGateway, url: string): Promise<EtcdMember> {
  const { verdict } = judgementOf(context);
  const absent = 'absent' in verdict ? verdict.absent : [];
  const unhealthy = (error: unknown): boolean => hasCode(error, 'etcd-unhealthy-cluster') || isPassing(error);
  const add = async (): Promise<EtcdMember> => {
    const known = (await gateway.memberList({ signal: context.signal })).find(({ peerUrls }) => peerUrls.includes(url));
    return known ?? gateway.memberAdd({ peerUrls: [url], learner: true }, { signal: context.signal });
  };
  return retrying(context, absent.length > 0 ? ADD_RETRY_BESIDE_ABSENT : ADD_RETRY, unhealthy, add).catch((cause) => {
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
