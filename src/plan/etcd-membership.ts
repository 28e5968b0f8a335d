import type { EtcdEntry, EtcdFacts, MemberFacts, MemberList } from './etcd-facts.js';

/** What a list says of a configured member. `absent`: it has no entry, and its data can never come back under one. */
export type Membership = 'voter' | 'learner' | 'absent';

export const provenList = ({ lists }: EtcdFacts): MemberList | undefined => lists.find(({ proven }) => proven);

/** Under which its data belongs to the recorded incarnation; undefined where nothing says so. */
export function idOf({ recorded }: EtcdFacts, { condition }: MemberFacts): string | undefined {
  return condition.kind === 'data' && condition.incarnation === recorded?.incarnation ? condition.memberId : undefined;
}

/**
 * Whose an entry is: whoever has its data, whatever the machine is called by now. Else whoever has its name, unless that
 * one's data is another member's. Else whoever has its address, which a member that was added and never started has alone.
 */
function ownerOf(facts: EtcdFacts, { id, name, peerUrls }: EtcdEntry): MemberFacts | undefined {
  const { members } = facts;
  const holder = members.find((member) => idOf(facts, member) === id);
  const named = members.find((member) => member.name === name);
  if (holder !== undefined || (named !== undefined && idOf(facts, named) === undefined)) return holder ?? named;
  return members.find(({ peerUrl }) => peerUrl !== undefined && peerUrls.includes(peerUrl));
}

export function entriesOf(facts: EtcdFacts, { entries }: MemberList, member: MemberFacts): EtcdEntry[] {
  return entries.filter((entry) => ownerOf(facts, entry) === member);
}

/** Of its entries the one that its data is; undefined where it has none, or another member's. */
export function entryOfData(
  facts: EtcdFacts,
  entries: readonly EtcdEntry[],
  member: MemberFacts,
): EtcdEntry | undefined {
  if (member.condition.kind !== 'data') return undefined;
  const memberId = idOf(facts, member);
  return memberId === undefined ? entries[0] : entries.find(({ id }) => id === memberId);
}

export function membershipOf(facts: EtcdFacts, entries: readonly EtcdEntry[], member: MemberFacts): Membership {
  const own = entryOfData(facts, entries, member);
  const counted = member.condition.kind === 'data' && idOf(facts, member) !== undefined ? (own ? [own] : []) : entries;
  if (counted.length === 0) return 'absent';
  return counted.some(({ isLearner }) => !isLearner) ? 'voter' : 'learner';
}

/** An entry of its name at a machine that is not among the configured ones: who has the name, and who is meant, differ. */
export function namesake(facts: EtcdFacts, { entries }: MemberList, { name }: MemberFacts): EtcdEntry | undefined {
  return entries.find((entry) => entry.name === name && ownerOf(facts, entry) === undefined);
}

/** All who say who the members are have removed it. */
export function isRemovedBy(facts: EtcdFacts, member: MemberFacts): boolean {
  const { lists } = facts;
  const isAbsent = (list: MemberList): boolean =>
    membershipOf(facts, entriesOf(facts, list, member), member) === 'absent';
  return lists.length > 0 && lists.every(isAbsent);
}

/** A voter as a list has it, with the configured member that it is. */
export interface Voter {
  /** Its node's, or what else the list has to name it by. */
  name: string;
  /** undefined: it is not among the configured ones. */
  member?: MemberFacts;
  /** The data on that member's machine may be its own: nothing says that it is another one's. */
  mayHold: boolean;
}

/** In the order of the configured members: etcd's own is that of its IDs, another one in each cluster. */
export function votersOf(facts: EtcdFacts, list: MemberList): Voter[] {
  const found = list.entries.filter(({ isLearner }) => !isLearner).map((entry) => voterOf(facts, entry));
  const place = ({ member }: Voter): number => (member ? facts.members.indexOf(member) : facts.members.length);
  return found.toSorted(
    (one, other) => place(one) - place(other) || one.name.localeCompare(other.name, 'en', { numeric: true }),
  );
}

function voterOf(facts: EtcdFacts, entry: EtcdEntry): Voter {
  const member = ownerOf(facts, entry);
  const memberId = member && idOf(facts, member);
  const mayHold = member?.condition.kind === 'data' && (memberId === undefined || memberId === entry.id);
  return { name: member?.name ?? (entry.name || entry.peerUrls.join(',')), ...(member && { member }), mayHold };
}
