import type { SnapshotInfo } from '../../backup/snapshot-info.js';
import type { ChainProblem } from '../../changelog/chain-problem.js';
import { type DisklessError, refusal } from '../../errors.js';
import { copiedFirst, type WipeReason, wipes } from '../../plan/etcd-order-types.js';
import { refuseNotFurthest, snapshotSources } from '../../plan/etcd-recovery.js';
import type { Gave, Outcome, StepPlace } from '../../runner/sequence.js';
import type { AtWork, Judged } from '../context.js';
import type { Judgement } from '../judgement.js';
import { fence, takeStray } from '../take-stray.js';

/** Why it is kept, as the sidecar has it. */
const REASONS: Partial<Record<WipeReason, string>> = { discarded: 'discard-data', older: 'older-life' };

/**
 * What goes for a life that begins is copied first, all of it: nobody writes to any of it any more when the first copy is
 * taken, and nothing is recorded before the last one is kept.
 */
export async function keepStrays(context: Judged, place: StepPlace): Promise<Gave<Judgement>> {
  const { judgement } = context;
  const going = copiedFirst(judgement.orders).filter((node) => !joins(judgement, node));
  if (going.length === 0) return { outcome: 'unchanged', gives: judgement };
  await all(going.map((node) => fence(context, { ...place, node })));
  const kept = await all(going.map((node) => takeStray(context, { ...place, node }, reasonOf(judgement, node))));
  return { outcome: 'changed', gives: await madeOf(context, kept, place.signal) };
}

/**
 * The life that begins is restored from the stray of the member that was named.
 *
 * @throws DisklessError `recover-older` (exit 5) where another one turned out to be further, `recover-log` where the change
 * log that goes on from it cannot be used: nothing is wiped then
 */
async function madeOf(
  { judgement, options }: Judged,
  kept: readonly SnapshotInfo[],
  signal: AbortSignal,
): Promise<Judgement> {
  const { orders, record } = judgement;
  const begin = orders.cluster.find((order) => order.do === 'begin-incarnation');
  if (begin?.recover === undefined) return judgement;
  const { name: named } = begin.recover;
  const base = kept.find(({ node }) => node === named);
  if (base === undefined)
    throw new Error(`the next life is to be made of what ${named} holds, and that was not copied`);
  const sources = kept.map(({ node: name, incarnation, revision }) => ({ name, incarnation, revision }));
  const refused = refuseNotFurthest(begin.recover, [...sources, ...snapshotSources(begin.recover)]);
  if (refused) throw refusal({ code: refused.reason, message: refused.message, hint: refused.hint });
  const problem = record.etcd.origin?.alone ? undefined : await options.backups.logProblem(base, signal);
  if (problem) throw logUnusable(named, problem);
  const origin = { phase: 'restoring' as const, ...record.etcd.origin, snapshot: base.id };
  const cluster = orders.cluster.map((order) => (order === begin ? { ...begin, from: base.id } : order));
  return {
    ...judgement,
    orders: { ...orders, cluster },
    record: { ...record, etcd: { ...record.etcd, origin } },
  };
}

function logUnusable(host: string, { why, ways }: ChainProblem): DisklessError {
  return refusal({
    code: 'recover-log',
    host,
    message: `nothing is made of what ${host} holds: ${why}`,
    hint: `nothing was wiped: ${ways}, and run the same command again; or --older-data with it takes what ${host} holds alone: what only the change log has is lost`,
  });
}

/** Data of an older life on a member that comes back to a quorum: nobody but itself waits for its copy. */
export async function keepOwnStray(context: AtWork, place: StepPlace): Promise<Outcome> {
  const { judgement } = context;
  const { node } = place;
  if (!copiedFirst(judgement.orders).includes(node) || !joins(judgement, node)) return 'unchanged';
  await fence(context, place);
  await takeStray(context, place, reasonOf(judgement, node));
  return 'changed';
}

const joins = ({ orders }: Judgement, node: string): boolean => orders.members.get(node)?.do === 'join-as-learner';

function reasonOf({ orders }: Judgement, node: string): string {
  if (orders.cluster.some((order) => order.do === 'begin-incarnation' && order.recover)) return 'recover-from';
  const wipe = wipes(orders).get(node);
  return (wipe && REASONS[wipe]) ?? 'up';
}

/** Ends when all of them have, and fails as the first that did. */
async function all<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
