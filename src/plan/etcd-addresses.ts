import type { EtcdRecord } from '../state/records.js';
import type { MemberList } from './etcd-facts.js';
import { isGone, type Known } from './etcd-known.js';
import type { MemberOrder } from './etcd-order-types.js';
import { addressTaken } from './etcd-refusals.js';

/*
 * etcd tells members apart by their URL where they join: one that is still another member's would hand out the ID of that
 * one, and with it a vote without its log (etcd-io/etcd#7445). To a member that moved it is refused.
 */

export interface Addresses {
  members: readonly Known[];
  list: MemberList;
  recorded: EtcdRecord;
}

/** What those that have their data are to do, once the others are told no address that is another member's. */
export function orderMoves(orders: ReadonlyMap<Known, MemberOrder>, addresses: Addresses): Map<string, MemberOrder> {
  const moving = [...orders].flatMap(([member, order]) => (order.do === 'update-peer-url' ? [member] : []));
  const isTaken = (member: Known): boolean => holderOf(member, addresses) !== undefined;
  const free = moving.filter((member) => !isTaken(member));
  return new Map(
    [...orders].map(([member, order]) => [
      member.name,
      order.do === 'update-peer-url' ? (whileTaken(member, { ...addresses, free }) ?? order) : order,
    ]),
  );
}

/**
 * @param free Members whose new address the others will be told
 * @returns what the member is to do meanwhile; undefined where its address is free, or will be
 */
export function whileTaken(
  member: Known,
  { free, ...addresses }: Addresses & { free: readonly Known[] },
): MemberOrder | undefined {
  const holder = holderOf(member, addresses);
  if (holder === undefined) return undefined;
  if (free.some(({ name }) => name === holder.name)) {
    return { do: 'wait', until: `the others know the new address of ${holder.name}, whose old one it has` };
  }
  return { do: 'leave', ask: addressTaken(member, holder) };
}

/** Who the others know by the address that this one has now. */
function holderOf(member: Known, { members, list, recorded }: Addresses): Known | { name: string } | undefined {
  const { peerUrl } = member;
  const taken = list.entries.find(
    (entry) => peerUrl !== undefined && entry.peerUrls.includes(peerUrl) && !member.entries.includes(entry),
  );
  if (taken === undefined) return undefined;
  const owner = members.find(({ entries }) => entries.includes(taken));
  // Before anybody is added or moved, the entries of all that lost their data go, and those of learners.
  if (owner !== undefined && (owner.membership === 'learner' || isGone(owner, recorded))) return undefined;
  return owner ?? { name: taken.name || taken.id };
}
