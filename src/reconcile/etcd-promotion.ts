import type { MemberId } from '../etcd/member-id.js';
import { hasCode } from '../kube/api-errors.js';
import { changed } from './change.js';
import type { JudgedRun } from './context.js';
import { listMembers, promoteLearner } from './etcd-members.js';
import type { JoiningMember } from './joining-member.js';

/** From a promotion until the member serves, where nothing stands in its way; or as long as the promotion took. */
const SERVING_MS = 500;
/** Voters with which one may be away for a moment. */
const SPARING_ONE = 3;

export interface Promotion {
  node: string;
  member: JoiningMember;
  id: MemberId;
}

/**
 * A learner is promoted while it starts: it is in sync before it serves.
 *
 * A member serves once it has seen the entry with its own name go through raft (`publishV3` of etcd's server.go). Where
 * that entry reaches it inside the snapshot that the leader sends, it never sees it, and only tries again after 5 s and two
 * elections, though nothing is missing. Started anew it is through at once. Where two voters are all that there are, it is
 * waited for instead: a restart would be an outage.
 */
export async function startAndPromote(context: JudgedRun, promotion: Promotion): Promise<void> {
  const { member } = promotion;
  const failed = new AbortController();
  const own = { ...context, signal: AbortSignal.any([context.signal, failed.signal]) };
  let serves = false;
  const started = member.start().then(() => {
    serves = true;
  });
  const promoted = promote(own, promotion, () => serves);
  try {
    const isStuck = await Promise.race([promoted, started.then(() => promoted)]);
    if (isStuck) {
      started.catch(() => undefined);
      await member.restart();
    } else await started;
  } finally {
    failed.abort();
  }
}

/** @returns whether it is to be started anew */
async function promote(context: JudgedRun, promotion: Promotion, serves: () => boolean): Promise<boolean> {
  const { sleep, monotonicMs } = context.options.clock;
  const began = monotonicMs();
  // While it starts it is not late: systemd limits that.
  while (!(await isPromoted(context, promotion.id, serves)));
  changed(context, { step: 'etcd', node: promotion.node }, `promote etcd member ${promotion.id}`);
  await promotion.member.promoted(promotion.id);
  if (serves()) return false;
  await sleep(Math.max(SERVING_MS, monotonicMs() - began), context.signal);
  if (serves()) return false;
  const voters = (await listMembers(context)).filter(({ isLearner }) => !isLearner);
  return voters.length >= SPARING_ONE && !serves();
}

async function isPromoted(context: JudgedRun, id: MemberId, serves: () => boolean): Promise<boolean> {
  const servedBefore = serves();
  try {
    await promoteLearner(context, id);
    return true;
  } catch (error) {
    if (servedBefore || !hasCode(error, 'etcd-learner-not-ready')) throw error;
    return false;
  }
}
