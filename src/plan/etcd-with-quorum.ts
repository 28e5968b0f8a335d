import type { EtcdRecord } from '../state/records.js';
import { orderMoves, whileTaken } from './etcd-addresses.js';
import { blockingVoters } from './etcd-blocking.js';
import {
  absences,
  type EtcdFacts,
  isCurrent,
  isMasked,
  isReadAndFit,
  isUsable,
  type MemberList,
  names,
  of,
  runs,
} from './etcd-facts.js';
import { isGone, isHolder, type Known, knownMembers } from './etcd-known.js';
import { namesake, votersOf } from './etcd-membership.js';
import type { ClusterOrder, EtcdOrders, MemberOrder } from './etcd-order-types.js';
import { askedAbout, memberUnknown, nameTaken } from './etcd-refusals.js';

/**
 * Besides the blank ones, these come back as new members: those with data of an older incarnation, which is copied first,
 * learners of an interrupted run, and data whose entry was removed.
 */
export function withQuorum(facts: EtcdFacts, recorded: EtcdRecord, list: MemberList): EtcdOrders {
  const members = knownMembers(facts, list);
  const addresses = { members, list, recorded };
  const holders = members.filter(isHolder(recorded));
  const kept = orderMoves(new Map(holders.map((member) => [member, orderOfVoter(member)])), addresses);
  const free = holders.filter(({ name }) => kept.get(name)?.do === 'update-peer-url');
  const mayJoin = members.filter((member) => isReadAndFit(member) && !holders.includes(member) && !isMasked(member));
  const barred = new Map(
    mayJoin.flatMap((member): [string, MemberOrder][] => {
      const order = whileNamesakeLives(facts, list, member) ?? whileTaken(member, { ...addresses, free });
      return order ? [[member.name, order]] : [];
    }),
  );
  const joining = mayJoin.filter(({ name }) => !barred.has(name));
  const learner = soleLearner(members, joining, recorded);
  const orderOf = (member: Known): MemberOrder => {
    const known = kept.get(member.name) ?? barred.get(member.name);
    if (known) return known;
    if (!joining.includes(member)) return leave(member);
    if (member === learner && member.own) return { do: 'promote', id: member.own.id };
    return { do: 'join-as-learner', ...wipeReason(member, recorded) };
  };
  const takesIn = joining.some((member) => member !== learner);
  const gone = members.filter((member) => member !== learner && losesItsEntry(member, { joining, takesIn, recorded }));
  const left = members.filter((member) => !gone.includes(member));
  const blocking = takesIn ? blockingVoters(left, votersOf(facts, list)) : undefined;
  return {
    code: joining.length === 0 ? 'healthy' : 'rejoin',
    members: new Map(members.map((member) => [member.name, orderOf(member)])),
    cluster: gone.flatMap(({ name, entries }) =>
      entries.map(({ id }): ClusterOrder => ({ do: 'remove-entry', member: name, id })),
    ),
    quorum: {
      state: 'works',
      through: names(members.filter((each) => each.name === list.by || (isHolder(recorded)(each) && isUsable(each)))),
      ...(blocking && { blocking }),
    },
    absent: absences(of(facts, 'unreachable')),
  };
}

/** Its data was removed, and the others know another machine by its name, which may well be alive. */
function whileNamesakeLives(facts: EtcdFacts, list: MemberList, member: Known): MemberOrder | undefined {
  const other =
    member.condition.kind === 'data' && member.own === undefined ? namesake(facts, list, member) : undefined;
  return other && { do: 'leave', ask: nameTaken(member, other) };
}

/** There may be one learner at a time: beside others that join, one left behind joins anew as they do. */
function soleLearner(members: readonly Known[], joining: readonly Known[], recorded: EtcdRecord): Known | undefined {
  const [only] = joining;
  if (only === undefined || joining.length > 1 || only.membership !== 'learner' || !only.isProven) return undefined;
  const isAlone = members.every((member) => member === only || member.membership !== 'learner');
  return isAlone && only.entries.length === 1 && isCurrent(recorded)(only) ? only : undefined;
}

function wipeReason(member: Known, recorded: EtcdRecord): Pick<MemberOrder & { do: 'join-as-learner' }, 'wipe'> {
  if (member.condition.kind !== 'data') return {};
  return { wipe: isCurrent(recorded)(member) ? 'rejoin' : 'older' };
}

function orderOfVoter(member: Known): MemberOrder {
  const { condition, own, isProven, peerUrl } = member;
  // What runs there runs on; its machine takes no part.
  if (isMasked(member) || !member.fit) return leave(member);
  if (own && peerUrl !== undefined && !own.peerUrls.includes(peerUrl)) {
    return isProven
      ? { do: 'update-peer-url', id: own.id, url: peerUrl }
      : { do: 'leave', ask: memberUnknown(member, own) };
  }
  if (!runs(member)) return { do: 'start' };
  // A run that promoted it, or began its life, was cut off before it noted that.
  const isBehind = condition.kind === 'data' && (condition.role === 'learner' || condition.open === false);
  return isBehind && own ? { do: 'keep', markAs: own.id } : { do: 'keep' };
}

const leave = (member: Known): MemberOrder =>
  isMasked(member) ? { do: 'leave', ask: askedAbout([member]) } : { do: 'leave' };

interface Change {
  joining: readonly Known[];
  takesIn: boolean;
  recorded: EtcdRecord;
}

/** It comes back as a new member, or not at all. A learner that cannot take part has no vote to lose, and is in the way. */
function losesItsEntry(member: Known, { joining, takesIn, recorded }: Change): boolean {
  if (member.entries.length === 0) return false;
  if (joining.includes(member)) return true;
  return (takesIn && member.entries.every(({ isLearner }) => isLearner)) || isGone(member, recorded);
}
