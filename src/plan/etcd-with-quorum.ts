import type { EtcdRecord } from '../state/records.js';
import {
  absentNames,
  type EtcdEntry,
  type EtcdFacts,
  isCurrent,
  isFit,
  isMasked,
  type MemberFacts,
  type MemberList,
  names,
  runs,
} from './etcd-facts.js';
import { entriesOf, type Membership, membershipOf } from './etcd-membership.js';
import type { Blocking, ClusterOrder, EtcdOrders, MemberOrder, Refusal } from './etcd-order-types.js';
import { addressTaken, askedAbout, refuseOlderData } from './etcd-refusals.js';

/** A member, and what the quorum says of it. */
interface Known extends MemberFacts {
  entries: EtcdEntry[];
  membership: Membership;
}

/**
 * Besides the blank ones, these come back as new members: data of an older incarnation that was given up, learners of an
 * interrupted run, and data whose entry was removed.
 */
export function withQuorum(facts: EtcdFacts, recorded: EtcdRecord, list: MemberList): EtcdOrders | Refusal {
  const refusal = refuseOlderData(facts, recorded, facts.members.filter(isFit));
  if (refusal) return refusal;
  const members = facts.members.map((member): Known => {
    const entries = entriesOf(facts, list, member);
    return { ...member, entries, membership: membershipOf(entries) };
  });
  const isHolder = (member: Known): boolean => isCurrent(recorded)(member) && member.membership === 'voter';
  const mayJoin = members.filter((member) => {
    const { kind } = member.condition;
    return kind !== 'unreachable' && member.fit && !isHolder(member) && !isMasked(member);
  });
  const kept = new Map(members.filter(isHolder).map((member) => [member.name, orderOfVoter(member)]));
  const barred = new Map(
    mayJoin.flatMap((member) => {
      const order = takenAddress(member, { members, list, kept, recorded });
      return order ? [[member.name, order] as const] : [];
    }),
  );
  const joining = mayJoin.filter(({ name }) => !barred.has(name));
  const learner = soleLearner(members, joining, recorded);
  const orders = new Map(
    members.map((member): [string, MemberOrder] => {
      const known = barred.get(member.name) ?? kept.get(member.name);
      if (known) return [member.name, known];
      if (member === learner) return [member.name, { do: 'promote', id: member.entries[0]?.id ?? '' }];
      if (joining.includes(member)) {
        return [member.name, { do: 'join-as-learner', ...(wipeReason(member, recorded) ?? {}) }];
      }
      return [member.name, leave(member)];
    }),
  );
  const takesIn = joining.some((member) => member !== learner);
  const gone = members.filter((member) => member !== learner && losesItsEntry(member, { joining, takesIn, recorded }));
  const blocking = takesIn ? blockingVoters(members.filter((member) => !gone.includes(member))) : undefined;
  return {
    code: joining.length === 0 ? 'healthy' : 'rejoin',
    members: orders,
    cluster: gone.flatMap(({ name, entries }) =>
      entries.map(({ id }): ClusterOrder => ({ do: 'remove-entry', member: name, id })),
    ),
    quorum: {
      state: 'works',
      through: [...new Set([list.by, ...names(members.filter((each) => isHolder(each) && !isMasked(each)))])],
      ...(blocking && { blocking }),
    },
    absent: absentNames(facts),
  };
}

interface Addresses {
  members: readonly Known[];
  list: MemberList;
  /** What the voters that have their data are to do. */
  kept: ReadonlyMap<string, MemberOrder>;
  recorded: EtcdRecord;
}

/**
 * etcd tells members apart by their URL where they join: one that is still another member's would hand out the ID of that
 * one, and with it a vote without its log (etcd-io/etcd#7445).
 *
 * @returns what the member is to do in place of joining; undefined where its address is free, or will be
 */
function takenAddress(member: Known, { members, list, kept, recorded }: Addresses): MemberOrder | undefined {
  const { peerUrl } = member;
  const taken = list.entries.find(
    (entry) => peerUrl !== undefined && entry.peerUrls.includes(peerUrl) && !member.entries.includes(entry),
  );
  if (taken === undefined) return undefined;
  const owner = members.find(({ entries }) => entries.includes(taken));
  // Before anybody is added, the entries of all that lost their data go, and those of learners.
  if (owner !== undefined && (owner.membership === 'learner' || isGone(owner, recorded))) return undefined;
  if (owner !== undefined && kept.get(owner.name)?.do === 'update-peer-url') {
    return { do: 'wait', until: `the others know the new address of ${owner.name}, whose old one it has` };
  }
  return { do: 'leave', ask: addressTaken(member, owner ?? { name: taken.name || taken.id }) };
}

/** There may be one learner at a time: beside others that join, one left behind joins anew as they do. */
function soleLearner(members: readonly Known[], joining: readonly Known[], recorded: EtcdRecord): Known | undefined {
  const [only] = joining;
  if (only === undefined || joining.length > 1 || only.membership !== 'learner') return undefined;
  const isAlone = members.every((member) => member === only || member.membership !== 'learner');
  return isAlone && only.entries.length === 1 && isCurrent(recorded)(only) ? only : undefined;
}

function wipeReason(member: Known, recorded: EtcdRecord): Pick<MemberOrder & { do: 'join-as-learner' }, 'wipe'> {
  if (member.condition.kind !== 'data') return {};
  return { wipe: isCurrent(recorded)(member) ? 'rejoin' : 'discarded' };
}

function orderOfVoter(member: Known): MemberOrder {
  if (isMasked(member)) return leave(member);
  // What runs there runs on; its machine takes no part.
  if (!member.fit) return { do: 'leave' };
  const moved = member.entries.find(
    ({ peerUrls }) => member.peerUrl !== undefined && !peerUrls.includes(member.peerUrl),
  );
  if (moved && member.peerUrl !== undefined) return { do: 'update-peer-url', id: moved.id, url: member.peerUrl };
  if (!runs(member)) return { do: 'start' };
  // A run that promoted it, or began its life, was cut off before it noted that.
  const { condition, entries } = member;
  const isBehind = condition.kind === 'data' && (condition.role === 'learner' || condition.open === false);
  return isBehind && entries[0] !== undefined ? { do: 'keep', markAs: entries[0].id } : { do: 'keep' };
}

const leave = (member: Known): MemberOrder =>
  isMasked(member) ? { do: 'leave', ask: askedAbout([member]) } : { do: 'leave' };

/** Those that etcd counts and that do not run: until they do, it may take in nobody. */
function blockingVoters(members: readonly Known[]): Blocking | undefined {
  const idle = members.filter((member) => member.membership === 'voter' && !runs(member) && !isStarted(member));
  if (idle.length === 0) return undefined;
  const away = names(idle.filter(({ condition }) => condition.kind === 'unreachable'));
  const masked = names(idle.filter(isMasked));
  const unfit = names(idle).filter((name) => !away.includes(name) && !masked.includes(name));
  const why = [
    ...(away.length > 0 ? [`${away.join(', ')} cannot be reached`] : []),
    ...(masked.length > 0 ? [`etcd.service is masked on ${masked.join(', ')}`] : []),
    ...(unfit.length > 0 ? [`${unfit.join(', ')} did not pass preflight and is stopped`] : []),
  ];
  const ways = [
    ...(away.length > 0
      ? [`bring ${away.join(' or ')} back and run up again, or give --lost ${away.join(',')} if permanently off`]
      : []),
    ...(masked.length > 0 ? [`unmask etcd.service on ${masked.join(', ')}`] : []),
    ...(unfit.length > 0 ? [`fix the preflight errors of ${unfit.join(', ')}`] : []),
  ];
  return {
    members: names(idle),
    message: `etcd accepts no new member while ${why.join(' and ')}; the cluster keeps working`,
    hint: ways.join('; '),
  };
}

const isStarted = (member: Known): boolean => member.fit && member.condition.kind === 'data' && !isMasked(member);

interface Change {
  joining: readonly Known[];
  takesIn: boolean;
  recorded: EtcdRecord;
}

/**
 * Its data is gone, and can never come back under the entry: it comes back as a new member, is lost, or was read and is
 * blank on a machine that is not fit. A learner that cannot take part has no vote to lose, and is in the way of others.
 */
function losesItsEntry(member: Known, { joining, takesIn, recorded }: Change): boolean {
  const { membership } = member;
  if (membership === 'absent') return false;
  if (joining.includes(member)) return true;
  return (takesIn && membership === 'learner') || isGone(member, recorded);
}

function isGone(member: Known, recorded: EtcdRecord): boolean {
  const { condition } = member;
  if (condition.kind === 'unreachable') return condition.lost;
  return condition.kind === 'blank' || (!isCurrent(recorded)(member) && !isMasked(member) && member.fit);
}
