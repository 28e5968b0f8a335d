import type { EtcdEntry, EtcdFacts, MemberFacts, MemberList } from './etcd-facts.js';

/** What a list says of a configured member. `absent`: it has no entry, and its data can never come back under one. */
export type Membership = 'voter' | 'learner' | 'absent';

export const provenList = ({ lists }: EtcdFacts): MemberList | undefined => lists.find(({ proven }) => proven);

/**
 * Its entries in this list: those of its name; and those of its address, which a member that was added and never started
 * has alone, and one whose machine was renamed. An address that another control plane's member still has is no proof.
 */
export function entriesOf({ members }: EtcdFacts, { entries }: MemberList, member: MemberFacts): EtcdEntry[] {
  const configured = new Set(members.map(({ name }) => name));
  return entries.filter(({ name, peerUrls }) => {
    if (configured.has(name)) return name === member.name;
    return member.peerUrl !== undefined && peerUrls.includes(member.peerUrl);
  });
}

export function membershipOf(entries: readonly EtcdEntry[]): Membership {
  if (entries.length === 0) return 'absent';
  return entries.some(({ isLearner }) => !isLearner) ? 'voter' : 'learner';
}

/** All who say who the members are have removed it. */
export function isRemovedBy(facts: EtcdFacts, member: MemberFacts): boolean {
  const { lists } = facts;
  return lists.length > 0 && lists.every((list) => membershipOf(entriesOf(facts, list, member)) === 'absent');
}

/** A voter as a list has it, with the configured member that it is. */
export interface Voter {
  /** Its node's, or what else the list has to name it by. */
  name: string;
  /** undefined: it is not among the configured ones. */
  member?: MemberFacts;
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
  const member = facts.members.find((each) => entriesOf(facts, list, each).includes(entry));
  return { name: member?.name ?? (entry.name || entry.peerUrls.join(',')), ...(member && { member }) };
}
