/* What may be ordered of etcd: one action for each member, a list for the cluster; or a refusal. */

import type { Recovery } from './etcd-facts.js';

/** Why data goes: a person's word, or why none is needed. */
export type WipeReason =
  /** A person gave it up, or named another member's to go on with. */
  | 'discarded'
  /** It is of a life that is over, and its member comes back to a quorum of the one that lives. */
  | 'older'
  /** Its marker names the bootstrap that never finished, in which no object was ever written. */
  | 'unfinished'
  /** A quorum has all of it, and the member comes back as a new one. */
  | 'rejoin';

const isCopiedFirst = (wipe: WipeReason): boolean => wipe === 'discarded' || wipe === 'older';

export type MemberOrder =
  /** Its data stays, and its unit is brought to what the plan says. `markAs`: the ID that its marker is to name. */
  | { do: 'keep'; markAs?: string }
  /** The same; it is stopped, and who the members are is judged again once it runs. */
  | { do: 'start' }
  /** It begins the new incarnation, together with the others that do. */
  | { do: 'bootstrap'; wipe?: WipeReason }
  /** It goes on with the incarnation that was begun and recorded. */
  | { do: 'resume-bootstrap'; wipe?: WipeReason }
  /** It is taken in as a new member: learner, start, promotion. */
  | { do: 'join-as-learner'; wipe?: WipeReason }
  /** It is a learner that has its data, and only lacks its vote. */
  | { do: 'promote'; id: string }
  /** The others are told its new address before it is restarted with it. */
  | { do: 'update-peer-url'; id: string; url: string }
  /** It takes part in another pass. `until`: what has to be first, as the end of a sentence. */
  | { do: 'wait'; until: string }
  /** Its machine is not touched. `ask`: what a person has to decide before it is. */
  | { do: 'leave'; ask?: Refusal };

export type ClusterOrder =
  /** Recorded before anything is done. `discarded`: members whose earlier data may go for it. */
  | {
      do: 'begin-incarnation';
      incarnation: number;
      members: string[];
      discarded: string[];
      why: BootstrapReason;
      /** ID of the snapshot that it is restored from; absent: it begins empty, or from what is copied first. */
      from?: string;
      /** It is restored from the stray that is kept of this member; `snapshot`: the newest that could be restored instead. */
      recover?: Recovery & { snapshot?: string };
    }
  /** Its data is gone, and it must never come back under this ID. */
  | { do: 'remove-entry'; member: string; id: string };

export type BootstrapReason = 'first' | 'unfinished' | 'all-blank' | 'discarded' | 'recovered' | 'new-cluster';

export interface QuorumOrder {
  /** `works`: it was proven just now. `awaited`: members with data are brought up to see. `made`: data begins anew. */
  state: 'works' | 'awaited' | 'made';
  /** Members through which it is proven. */
  through: string[];
  /** Voters that take no part, beside which etcd may take nobody in; and what is said where it does not. */
  blocking?: Blocking;
  /** Members whose machines have another address than the others know, in words; without a quorum nobody can be told. */
  moved?: string[];
}

export interface Blocking {
  members: string[];
  /** A sentence. */
  message: string;
  hint: string;
}

/** The situation in a word, for events and the plan. */
export type OrdersCode = 'bootstrap' | 'resume-bootstrap' | 'revive' | 'healthy' | 'rejoin';

export interface EtcdOrders {
  code: OrdersCode;
  /** By name, of every configured member. */
  members: ReadonlyMap<string, MemberOrder>;
  cluster: readonly ClusterOrder[];
  quorum: QuorumOrder;
  /** Configured members that were not read, and why, in words; empty where all were. */
  absent: string;
}

/** A person must decide. */
export interface Refusal {
  code: 'refused';
  reason: RefusalReason;
  message: string;
  /** Names a way out, which exists. */
  hint: string;
}

export type RefusalReason =
  | 'unknown-data'
  | 'foreign-data'
  | 'future-data'
  | 'older-data'
  | 'unfinished-data'
  | 'no-majority'
  | 'quorum-lost'
  | 'recover-older'
  | 'not-blank'
  | 'may-hold-data'
  | 'snapshot-unusable'
  | 'snapshot-older-life'
  | 'snapshot-unasked'
  | 'state-unproven'
  | 'etcd-masked'
  | 'address-taken'
  | 'name-taken'
  | 'member-unknown';

export function refused(reason: RefusalReason, message: string, hint: string): Refusal {
  return { code: 'refused', reason, message, hint };
}

/** Who is ordered to do one of these. */
export function ordered(orders: EtcdOrders, ...wanted: MemberOrder['do'][]): string[] {
  return [...orders.members].flatMap(([name, order]) => (wanted.includes(order.do) ? [name] : []));
}

/** Whose data goes once the operator has a copy of it: it may hold what is nowhere else. */
export function copiedFirst(orders: EtcdOrders): string[] {
  return [...wipes(orders)].flatMap(([name, wipe]) => (isCopiedFirst(wipe) ? [name] : []));
}

/** Whose data is wiped, and why. */
export function wipes(orders: EtcdOrders): Map<string, WipeReason> {
  return new Map(
    [...orders.members].flatMap(([name, order]) =>
      'wipe' in order && order.wipe !== undefined ? [[name, order.wipe] as const] : [],
    ),
  );
}
