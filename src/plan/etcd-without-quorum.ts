import { newestFirst } from '../state/position.js';
import type { EtcdRecord } from '../state/records.js';
import { nextIncarnation } from './etcd-bootstrap.js';
import {
  absence,
  absences,
  askedFor,
  awayOf,
  type EtcdFacts,
  isCurrent,
  isFit,
  isMasked,
  isOlder,
  isUsable,
  type MemberFacts,
  type MemberList,
  majorityOf,
  names,
  of,
  runs,
  unaccounted,
} from './etcd-facts.js';
import { entriesOf, isRemovedBy, type Voter, votersOf } from './etcd-membership.js';
import { type EtcdOrders, type MemberOrder, type Refusal, refused } from './etcd-order-types.js';
import { nextBeginning } from './etcd-origin.js';
import { heldText, knownSources, recovery } from './etcd-recovery.js';
import {
  askedAbout,
  mayBeElsewhere,
  mayHaveMoved,
  mayHoldData,
  refuseOlderData,
  withIncarnation,
} from './etcd-refusals.js';

/** Whoever has the data is brought up, where that may make a quorum; what then is missing, a person decides. */
export function withoutQuorum(facts: EtcdFacts, recorded: EtcdRecord): EtcdOrders | Refusal {
  const holders = of(facts, 'data').filter(isCurrent(recorded));
  if (holders.length === 0) return nobodyHoldsData(facts, recorded);
  const views = viewsOf(facts, recorded);
  const mayComeUp = silentHolders(facts, recorded).length > 0 || views.some(mayMakeQuorum);
  if (mayComeUp) return revive(facts, holders, movedOf(facts, holders));
  const masked = holders.filter(isMasked);
  if (masked.length > 0) return askedAbout(masked);
  const isListed = views.every(({ voters }) => voters.every(({ member }) => member !== undefined));
  const data = of(facts, 'data');
  const isAccounted = isListed && unaccounted(facts).length === 0;
  const recovered = isAccounted ? recovery(facts, recorded) : undefined;
  const isGivenUp = askedFor(facts, recorded, data).length === 0 && data.every(isFit);
  if (!recovered && !(isGivenUp && isAccounted)) return quorumLost({ facts, recorded, holders, views });
  return unexplained(facts) ?? recovered ?? nextIncarnation(facts, recorded, 'discarded');
}

/** Machines without data of which no reboot says that there is none: it may be further than what the others hold. */
function unexplained(facts: EtcdFacts): Refusal | undefined {
  const blank = of(facts, 'blank');
  const inSameBoot = blank.filter(({ condition }) => condition.kind === 'blank' && condition.sameBoot === true);
  if (inSameBoot.length > 0) return mayHaveMoved(inSameBoot);
  const elsewhere = blank.filter(({ condition }) => condition.kind === 'blank' && condition.elsewhere);
  return elsewhere.length > 0 ? mayBeElsewhere(elsewhere) : undefined;
}

/** Who votes, as one member says or, where none says anything, as the list of hosts has it; and who can be brought up. */
interface View {
  list?: MemberList;
  voters: Voter[];
  usable: MemberFacts[];
}

/** Of each member that answers. They differ where one was cut off from what the others know: none is truer than another. */
function viewsOf(facts: EtcdFacts, recorded: EtcdRecord): View[] {
  if (facts.lists.length === 0) {
    return [{ voters: facts.members.map((member) => ({ name: member.name, member, mayHold: true })), usable: [] }];
  }
  return facts.lists.map((list) => {
    const voters = votersOf(facts, list);
    const usable = voters.flatMap(({ member, mayHold }) =>
      member && mayHold && isCurrent(recorded)(member) && isUsable(member) ? [member] : [],
    );
    return { list, voters, usable };
  });
}

/**
 * Those that can be brought up and said nothing: each of them may be the whole of etcd, whatever a member knows that was
 * cut off. But for one that all who answered have removed, which is not even started, and a learner: its marker is
 * believed beside somebody who tells more, since a run may have been cut off before it noted the promotion.
 */
function silentHolders(facts: EtcdFacts, recorded: EtcdRecord): MemberFacts[] {
  const { lists } = facts;
  const holders = of(facts, 'data').filter(isCurrent(recorded));
  const isLearner = ({ condition }: MemberFacts): boolean => condition.kind === 'data' && condition.role === 'learner';
  const isTold = lists.length > 0 || !holders.every(isLearner);
  return holders.filter((member) => {
    if (!isUsable(member) || lists.some(({ by }) => by === member.name)) return false;
    return !(isTold && isLearner(member)) && (runs(member) || !isRemovedBy(facts, member));
  });
}

function mayMakeQuorum({ voters, usable }: View): boolean {
  return usable.length >= majorityOf(voters.length);
}

function revive(facts: EtcdFacts, holders: readonly MemberFacts[], moved: string[]): EtcdOrders {
  const order = (member: MemberFacts): MemberOrder => {
    if (member.condition.kind === 'unreachable') return { do: 'leave' };
    if (!holders.includes(member)) return { do: 'wait', until: 'the others have a quorum' };
    if (isMasked(member)) return { do: 'leave', ask: askedAbout([member]) };
    if (!isFit(member)) return { do: 'leave' };
    return { do: runs(member) ? 'keep' : 'start' };
  };
  return {
    code: 'revive',
    members: new Map(facts.members.map((member) => [member.name, order(member)])),
    cluster: [],
    quorum: { state: 'awaited', through: names(holders.filter(isUsable)), ...(moved.length > 0 && { moved }) },
    absent: absences(of(facts, 'unreachable')),
  };
}

/** `m0 (https://10.0.0.4:2380)` */
function movedOf(facts: EtcdFacts, holders: readonly MemberFacts[]): string[] {
  const moved = holders.flatMap((member) =>
    facts.lists
      .flatMap((list) => entriesOf(facts, list, member))
      .filter(({ peerUrls }) => member.peerUrl !== undefined && !peerUrls.includes(member.peerUrl))
      .map(({ peerUrls }) => `${member.name} (${peerUrls.join(', ')})`),
  );
  return [...new Set(moved)];
}

function nobodyHoldsData(facts: EtcdFacts, recorded: EtcdRecord): EtcdOrders | Refusal {
  const away = unaccounted(facts);
  if (away.length > 0) return mayHoldData(away);
  const asked = unexplained(facts);
  if (asked) return asked;
  const recovered = recovery(facts, recorded);
  if (recovered) return recovered;
  return refuseOlderData(facts, recorded, facts.members) ?? nextIncarnation(facts, recorded, 'all-blank');
}

interface Loss {
  facts: EtcdFacts;
  recorded: EtcdRecord;
  holders: readonly MemberFacts[];
  views: readonly View[];
}

function quorumLost({ facts, recorded, holders, views }: Loss): Refusal {
  const voters = views.flatMap((view) => view.voters).filter(isFirstOfItsName);
  const usable = names(views.flatMap((view) => view.usable));
  const others = holders.filter((member) => !voters.some((voter) => voter.member === member));
  const fates = [
    ...voters.filter(({ name }) => !usable.includes(name)).map((voter) => fate(voter, holders)),
    ...others.map(({ name }) => `${name} has it without a vote`),
    ...facts.members
      .filter(isOlder(recorded))
      .map((member) => `${withIncarnation(member)} has data of an earlier life`),
  ];
  const have = [...new Set(views.map(haveData))].join(', ');
  return refused(
    'quorum-lost',
    `etcd quorum lost: ${have}; ${fates.join(', ')}; held: ${heldText(of(facts, 'data'))}`,
    waysOut(facts, recorded, voters),
  );
}

const isFirstOfItsName = ({ name }: Voter, index: number, all: readonly Voter[]): boolean =>
  all.findIndex((voter) => voter.name === name) === index;

/** `1 of 3 voters that m0 knows of (m0) has the cluster's data` */
function haveData({ list, voters, usable }: View): string {
  const held = names(usable);
  const what = list === undefined ? 'control planes' : `voters that ${list.by} knows of`;
  const who = held.length > 0 ? ` (${held.join(', ')})` : '';
  return `${held.length} of ${voters.length} ${what}${who} ${held.length === 1 ? 'has' : 'have'} the cluster's data`;
}

function fate({ name, member, mayHold }: Voter, holders: readonly MemberFacts[]): string {
  if (member === undefined) return `${name} is not on the list of hosts`;
  if (member.condition.kind === 'unreachable') return `${name} ${absence(member)}`;
  if (holders.includes(member) && !mayHold) return `${name} has that of another member`;
  return holders.includes(member) ? `${name} has it and did not pass preflight` : `${name} lost its data`;
}

function waysOut(facts: EtcdFacts, recorded: EtcdRecord, voters: readonly Voter[]): string {
  const back = awayOf(voters.flatMap(({ member }) => member ?? []));
  const unlisted = voters.flatMap(({ name, member }) => (member === undefined ? [name] : []));
  // All that would go, of whichever life it is: nothing is wiped that was not named.
  const data = of(facts, 'data');
  const unfit = names(data.filter((member) => !isFit(member)));
  const { silent, barred } = awayOf(unaccounted(facts));
  const lost = silent.length > 0 ? ` (with --lost ${silent.join(',')} if permanently off)` : '';
  const first = [...new Set([...back.barred, ...barred])];
  const isBarred = unlisted.length + unfit.length + first.length > 0;
  const { flag, what } = nextBeginning(facts, recorded);
  const [furthest] = knownSources(data).toSorted(newestFirst);
  const base = furthest?.name ?? data.find(isCurrent(recorded))?.name;
  const givesUp = isBarred
    ? `or reboot ${names(data).join(', ')} if its data may go`
    : `or --discard-data ${names(data).join(',')}${flag} keeps a copy of that data, deletes it there and ${what}${lost}`;
  return [
    ...(first.length > 0 ? [`fix SSH access to ${first.join(', ')}`] : []),
    ...(back.silent.length > 0 ? [`bring back ${back.silent.join(' or ')}`] : []),
    ...(unlisted.length > 0 ? [`put ${unlisted.join(', ')} back on the list of hosts (--hosts, --control-plane)`] : []),
    ...(unfit.length > 0 ? [`fix the preflight errors of ${unfit.join(', ')}`] : []),
    ...(isBarred || base === undefined
      ? []
      : [`--recover-from ${base} goes on with what ${base} holds, after a copy of all that is held${lost}`]),
    givesUp,
  ].join('; ');
}
