import type { EtcdRecord } from '../state/records.js';
import {
  type EtcdEntry,
  type EtcdFacts,
  isCurrent,
  isMasked,
  type MemberFacts,
  type MemberList,
} from './etcd-facts.js';
import { entriesOf, entryOfData, idOf, type Membership, membershipOf } from './etcd-membership.js';

/** A member, and what the quorum says of it. */
export interface Known extends MemberFacts {
  /** All that are its own. */
  entries: EtcdEntry[];
  /** Of these the one that its data is. */
  own?: EtcdEntry;
  /** Its data says so itself, and not its name alone. */
  isProven: boolean;
  membership: Membership;
}

export function knownMembers(facts: EtcdFacts, list: MemberList): Known[] {
  return facts.members.map((member) => {
    const entries = entriesOf(facts, list, member);
    const own = entryOfData(facts, entries, member);
    const isProven = own !== undefined && own.id === idOf(facts, member);
    return { ...member, entries, ...(own && { own }), isProven, membership: membershipOf(facts, entries, member) };
  });
}

/** A voter that has its data. */
export const isHolder =
  (recorded: EtcdRecord) =>
  (member: Known): boolean =>
    isCurrent(recorded)(member) && member.membership === 'voter';

/** Its data is gone, and can never come back under its entry: it is lost, or was read and has none, or has an older one. */
export function isGone(member: Known, recorded: EtcdRecord): boolean {
  const { condition } = member;
  if (condition.kind === 'unreachable') return condition.lost;
  return condition.kind === 'blank' || (!isCurrent(recorded)(member) && !isMasked(member) && member.fit);
}
