import type { EtcdBootstrap } from '../components/context.js';
import type { MemberId } from '../etcd/member-id.js';

/** Brings blank members back one after another; shared by all steps of a pass. */
export interface EtcdRejoin {
  /** Removes the entries of members whose data is gone, once in a pass; whoever rejoins has it done before. */
  clear(): Promise<void>;
  /** Adds the node as a learner, has it started, and promotes it. @param signal Ends that of this node alone */
  rejoin(node: string, member: JoiningMember, signal: AbortSignal): Promise<void>;
  /** Has a learner started that has its data, and promotes it. */
  promote(node: string, member: JoiningMember & { id: MemberId }, signal: AbortSignal): Promise<void>;
  /** Tells the others a member's new address, and has it restarted with it. */
  move(node: string, move: Move, signal: AbortSignal): Promise<void>;
}

export interface Move {
  id: MemberId;
  /** Where its peers reach it from now on. */
  url: string;
  /** Ends when it is healthy again. */
  restart(): Promise<void>;
}

/** What is done on the machine of a member that joins. */
export interface JoiningMember {
  /** Leaves behind what it reads at its first start. */
  prepare(bootstrap: EtcdBootstrap, id: MemberId): Promise<void>;
  /** Ends when it serves clients. */
  start(): Promise<void>;
  /** Starts it anew, in the middle of its start too. */
  restart(): Promise<void>;
  /** Notes beside its data that it is a voter. */
  promoted(id: MemberId): Promise<void>;
}
