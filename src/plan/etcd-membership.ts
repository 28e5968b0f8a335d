import type { EtcdEntry, EtcdFacts, MemberFacts, MemberList } from './etcd-facts.js';

/** What a list says of a configured member. `absent`: it has no entry, and its data can never come back under one. */
export type Membership = 'voter' | 'learner' | 'absent';

export const provenList = ({ lists }: EtcdFacts): MemberList | undefined => lists.find(({ proven }) => proven);

/** Under which its data belongs to the recorded incarnation; undefined where nothing says so. */
export function idOf({ recorded }: EtcdFacts, { condition }: MemberFacts): string | undefined {
  return condition.kind === 'data' && condition.incarnation === recorded?.incarnation ? condition.memberId : undefined;
}

/**
 * Whose an entry is: whoever has its data, whatever the machine is called by now. Else whoever has its name, or, where
 * that one's data is another member's, has got the name of that one in return. Else whoever has its address, which a
 * member that was added and never started has alone.
 */
function ownerOf(
  facts: EtcdFacts,
  { entries }: MemberList,
  { id, name, peerUrls }: EtcdEntry,
): MemberFacts | undefined {
  const { members } = facts;
  const isThere = ({ peerUrl }: MemberFacts): boolean => peerUrl !== undefined && peerUrls.includes(peerUrl);
  const holder = members.find((member) => idOf(facts, member) === id);
  if (holder !== undefined) return holder;
  const followed = new Set<string>();
  let named = members.find((member) => member.name === name);
  while (named !== undefined && idOf(facts, named) !== undefined) {
    const held = entries.find((entry) => named !== undefined && entry.id === idOf(facts, named));
    named = held && !followed.has(held.name) ? members.find((member) => member.name === held.name) : undefined;
    if (held) followed.add(held.name);
  }
  if (named === undefined) return members.find(isThere);
  // One that may have its data was last seen where this one, which has none, is not.
  const mayHold = ({ condition }: MemberFacts): boolean => condition.kind === 'unreachable' && !condition.lost;
  const silent = members.find((member) => mayHold(member) && isThere(member));
  return named.condition.kind === 'blank' ? (silent ?? named) : named;
}

export function entriesOf(facts: EtcdFacts, list: MemberList, member: MemberFacts): EtcdEntry[] {
  return list.entries.filter((entry) => ownerOf(facts, list, entry) === member);
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
export function namesake(facts: EtcdFacts, list: MemberList, { name }: MemberFacts): EtcdEntry | undefined {
  return list.entries.find((entry) => entry.name === name && ownerOf(facts, list, entry) === undefined);
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
  const found = list.entries.filter(({ isLearner }) => !isLearner).map((entry) => voterOf(facts, list, entry));
  const place = ({ member }: Voter): number => (member ? facts.members.indexOf(member) : facts.members.length);
  return found.toSorted(
    (one, other) => place(one) - place(other) || one.name.localeCompare(other.name, 'en', { numeric: true }),
  );
}

function voterOf(facts: EtcdFacts, list: MemberList, entry: EtcdEntry): Voter {
  const member = ownerOf(facts, list, entry);
  const memberId = member && idOf(facts, member);
  const mayHold = member?.condition.kind === 'data' && (memberId === undefined || memberId === entry.id);
  // A name that another machine has would lead to that one.
  const isAmbiguous = entry.name === '' || facts.members.some(({ name }) => name === entry.name);
  const name = member?.name ?? (isAmbiguous ? entry.peerUrls.join(',') : entry.name);
  return { name, ...(member && { member }), mayHold };
}
