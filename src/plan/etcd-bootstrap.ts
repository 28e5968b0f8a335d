import type { EtcdRecord } from '../state/records.js';
import {
  absences,
  type EtcdFacts,
  isFit,
  isMasked,
  isOlder,
  isReadAndFit,
  type MemberFacts,
  majorityOf,
  names,
  of,
  unaccounted,
} from './etcd-facts.js';
import {
  type BootstrapReason,
  type ClusterOrder,
  type EtcdOrders,
  type MemberOrder,
  type Refusal,
  refused,
  type WipeReason,
} from './etcd-order-types.js';
import { isSameBeginning, nextOrigin, type Origin, sameOrigin } from './etcd-origin.js';
import {
  askedAbout,
  hold,
  isUnopened,
  mayHoldData,
  noMajority,
  refuseOlderData,
  refuseUnprovenData,
} from './etcd-refusals.js';

/* New lives of etcd's data: the first, one that was interrupted, and the next. */

export function firstBootstrap(facts: EtcdFacts, incarnation: number): EtcdOrders | Refusal {
  const blank = of(facts, 'blank').filter(isFit);
  const masked = blank.filter(isMasked);
  if (masked.length > 0) return askedAbout(masked);
  if (blank.length < majorityOf(facts.members.length)) return noMajority(facts, blank);
  return begin(facts, { incarnation, why: 'first', from: undefined, start: blank, wipeReason: () => undefined });
}

/**
 * No apiserver ever ran on it, so it holds no objects: what carries its token and says so may be thrown away. Not asked
 * where a quorum of it works, or some of it says otherwise: then it is finished, and only was not recorded so.
 */
export function unfinishedBootstrap(facts: EtcdFacts, recorded: EtcdRecord): EtcdOrders | Refusal {
  const usable = facts.members.filter(isReadAndFit);
  if (usable.length < majorityOf(facts.members.length)) return noMajority(facts, usable);
  const masked = usable.filter(isMasked);
  if (masked.length > 0) return askedAbout(masked);
  if (isSameAttempt(recorded, usable) && isSameBeginning(facts, recorded))
    return refuseOlderData(facts, recorded, usable) ?? resume(facts, recorded, usable);
  const unproven = refuseUnprovenData(facts, recorded, usable);
  if (unproven) return unproven;
  // Where nothing shows that it went no further, the record may be an older copy, and who is away hold all there is.
  const away = unaccounted(facts);
  if (away.length > 0 && !usable.some((member) => showsItStopped(recorded, member))) return mayHoldData(away);
  const wipeReason = (member: MemberFacts): WipeReason | undefined =>
    member.condition.kind !== 'data' ? undefined : isUnopened(recorded, member) ? 'unfinished' : 'discarded';
  const origin = sameOrigin(facts, recorded);
  if ('code' in origin) return origin;
  return begin(facts, {
    incarnation: recorded.incarnation + 1,
    why: 'unfinished',
    ...origin,
    start: usable,
    wipeReason,
  });
}

/** Its data or its claim says so, or it is still in the boot in which it began, and has none. */
function showsItStopped({ token, bootIds }: EtcdRecord, { name, bootId, condition }: MemberFacts): boolean {
  if (condition.kind === 'unreachable') return false;
  if (condition.token === token && condition.open === false) return true;
  return condition.kind === 'blank' && bootId !== undefined && bootIds[name] === bootId;
}

/** The members that were recorded for it are all there, each in the boot that it began in. */
export function isSameAttempt(recorded: EtcdRecord, usable: readonly Pick<MemberFacts, 'name' | 'bootId'>[]): boolean {
  const sameMembers = names(usable).toSorted().join() === recorded.members.toSorted().join();
  return sameMembers && usable.every(({ name, bootId }) => recorded.bootIds[name] === bootId);
}

function resume(facts: EtcdFacts, recorded: EtcdRecord, usable: readonly MemberFacts[]): EtcdOrders {
  const order = (member: MemberFacts): MemberOrder => {
    if (!usable.includes(member)) return { do: 'leave' };
    return { do: 'resume-bootstrap', ...(isOlder(recorded)(member) && { wipe: 'discarded' }) };
  };
  return {
    code: 'resume-bootstrap',
    members: new Map(facts.members.map((member) => [member.name, order(member)])),
    cluster: [],
    quorum: { state: 'made', through: names(usable) },
    absent: absences(of(facts, 'unreachable')),
  };
}

/** Nothing is left of the last one, or a person gave it up. */
export function nextIncarnation(
  facts: EtcdFacts,
  recorded: EtcdRecord,
  why: BootstrapReason,
  /** It is made of what this member holds. */
  recover?: BeginOrder['recover'],
): EtcdOrders | Refusal {
  const usable = facts.members.filter(isReadAndFit);
  if (usable.length < majorityOf(facts.members.length)) return noMajority(facts, usable);
  const masked = usable.filter(isMasked);
  if (masked.length > 0) return askedAbout(masked);
  const isNew = why === 'new-cluster' || recover !== undefined;
  const origin = isNew ? { from: undefined } : nextOrigin(facts, recorded);
  if ('code' in origin) return origin;
  const wipeReason = ({ condition }: MemberFacts): WipeReason | undefined =>
    condition.kind === 'data' ? 'discarded' : undefined;
  const incarnation = recorded.incarnation + 1;
  return begin(facts, { incarnation, why, ...origin, ...(recover && { recover }), start: usable, wipeReason });
}

type BeginOrder = Extract<ClusterOrder, { do: 'begin-incarnation' }>;

interface NewLife extends Origin, Pick<BeginOrder, 'recover'> {
  incarnation: number;
  why: BootstrapReason;
  start: readonly MemberFacts[];
  wipeReason: (member: MemberFacts) => WipeReason | undefined;
}

function begin(facts: EtcdFacts, { incarnation, why, from, recover, start, wipeReason }: NewLife): EtcdOrders {
  const order = (member: MemberFacts): MemberOrder => {
    if (!start.includes(member)) return { do: 'leave' };
    const wipe = wipeReason(member);
    return { do: 'bootstrap', ...(wipe && { wipe }) };
  };
  const discarded = names(start.filter((member) => wipeReason(member) !== undefined));
  // A record may be an older copy: what begins from a later life comes after that one too.
  const past = facts.backup.kind === 'usable' ? facts.backup.incarnation : 0;
  return {
    code: 'bootstrap',
    members: new Map(facts.members.map((member) => [member.name, order(member)])),
    cluster: [
      {
        do: 'begin-incarnation',
        incarnation: Math.max(incarnation, past + 1),
        members: names(start),
        discarded,
        why,
        ...(from && { from }),
        ...(recover && { recover }),
      },
    ],
    quorum: { state: 'made', through: names(start) },
    absent: absences(of(facts, 'unreachable')),
  };
}

/** Asked for by a person, and never over data: whoever has some is rebooted first, by that person. */
export function newCluster(facts: EtcdFacts, recorded: EtcdRecord): EtcdOrders | Refusal {
  const holders = names(of(facts, 'data'));
  if (holders.length > 0) {
    return refused(
      'not-blank',
      `${holders.join(', ')} ${hold(holders)} etcd data of the recorded cluster, and a new one begins on blank control planes only`,
      `save what is wanted of it, reboot ${holders.join(', ')}, and run the same command again`,
    );
  }
  const away = unaccounted(facts);
  return away.length > 0 ? mayHoldData(away) : nextIncarnation(facts, recorded, 'new-cluster');
}
