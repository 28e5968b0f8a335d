import { CHECKS, type Check, type CheckId } from './checks.js';

/** One thing that was asked, and is not as it should be. */
export interface Failure {
  /** The node on which it was asked, or which it is about. */
  from?: string;
  /** The node that a way leads to. */
  to?: string;
  /** What does not work, e.g. the way of a packet; empty where `why` says it all. */
  what: string;
  why: string;
}

/** What was found in one check. */
export interface Tally {
  /** How many things were asked; 0 where it could not be, or need not be. */
  asked: number;
  failures: Failure[];
  /** Why nothing was asked, where that is so. */
  notAsked?: string;
}

export type Tallies = Partial<Record<CheckId, Tally>>;

export interface CheckResult extends Tally, Check {
  id: CheckId;
}

export interface DoctorReport {
  cluster: string;
  kubernetes: string;
  /** Nodes between which traffic was sent; the others are named in the check `nodes`. */
  nodes: string[];
  checks: CheckResult[];
}

/** Every check once, in the order of their list. */
export function resultsOf(tallies: Tallies, otherwise: string): CheckResult[] {
  return CHECKS.map((check) => ({
    ...check,
    ...(tallies[check.id] ?? { asked: 0, failures: [], notAsked: otherwise }),
  }));
}

/** Whether all that was asked is as it should be. */
export const isHealthy = ({ checks }: DoctorReport): boolean => checks.every(({ failures }) => failures.length === 0);
