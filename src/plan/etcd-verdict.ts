import { firstBootstrap, unfinishedBootstrap } from './etcd-bootstrap.js';
import type { EtcdFacts } from './etcd-facts.js';
import type { Refusal } from './etcd-refusal.js';
import { refuseStrangeData } from './etcd-strange-data.js';
import { withQuorum } from './etcd-with-quorum.js';
import { withoutQuorum } from './etcd-without-quorum.js';

export type EtcdVerdict =
  /** Start all `start` members at once with state `new`; wipe what `wipe` hold first. */
  | { code: 'bootstrap'; incarnation: number; start: string[]; wipe: string[]; absent: string[]; why: BootstrapReason }
  /**
   * Continue an interrupted bootstrap under its recorded token.
   * `wipe`: members that still hold data from before this bootstrap.
   */
  | { code: 'resume-bootstrap'; incarnation: number; start: string[]; wipe: string[]; absent: string[] }
  /**
   * No quorum answers, but `holders` have their data: bring them up and see. `waiting` are judged again after that.
   * `otherwise`: what is to be said when no quorum comes of it; undefined when the holders are a majority.
   */
  | { code: 'revive'; holders: string[]; waiting: string[]; absent: string[]; otherwise?: Refusal }
  /** Quorum works; `holders` are its voters that were read. `forget`: what they held is gone, so their entries go too. */
  | { code: 'healthy'; holders: string[]; forget: string[]; absent: string[] }
  /**
   * Quorum works; bring blank members back one after another as learners, wiping data that has no place in it.
   * `blocking`: voters that cannot be reached, beside which etcd may take nobody in.
   */
  | {
      code: 'rejoin';
      holders: string[];
      blank: string[];
      wipe: string[];
      forget: string[];
      blocking: string[];
      absent: string[];
    }
  /** A person must decide. */
  | Refusal;

export type BootstrapReason = 'first' | 'unfinished' | 'all-blank' | 'discarded';

/**
 * The one place that decides what happens to etcd data (design §7). Pure; guesses nothing: whatever is not provably
 * safe is refused with what a person can do.
 */
export function etcdVerdict(facts: EtcdFacts): EtcdVerdict {
  const strange = refuseStrangeData(facts);
  if (strange) return strange;
  const recorded = facts.recorded;
  if (recorded === undefined || recorded.phase === 'none')
    return firstBootstrap(facts, (recorded?.incarnation ?? 0) + 1);
  if (recorded.phase === 'bootstrapping') return unfinishedBootstrap(facts, recorded);
  return facts.quorumProven ? withQuorum(facts, recorded) : withoutQuorum(facts, recorded);
}
