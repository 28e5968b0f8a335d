/* What may be decided about etcd's data. */

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

export type BootstrapReason = 'first' | 'unfinished' | 'all-blank' | 'discarded' | 'new-cluster';

export interface Refusal {
  code: 'refused';
  reason: RefusalReason;
  message: string;
  hint: string;
}

export type RefusalReason =
  | 'unknown-data'
  | 'foreign-data'
  | 'future-data'
  | 'no-majority'
  | 'quorum-lost'
  | 'not-blank'
  | 'may-hold-data';

export function refused(reason: RefusalReason, message: string, hint: string): Refusal {
  return { code: 'refused', reason, message, hint };
}
