import { isGreen } from './closing.js';
import type { LongRecord, SuiteRun } from './long-record.js';

export interface Choice {
  /** Those asked for, in the order of the table. */
  suites: readonly string[];
  record: LongRecord;
  /** Leaves out what is green for this tree; null is a tree like no other. */
  stale?: { tree: string | null };
  /** Leaves out what was green at a commit for which this holds. */
  since?: (commit: string) => boolean;
}

/** What is to be run, what was never run first and then the oldest. Pure. */
export function choose({ suites, record, stale, since }: Choice): string[] {
  const wanted = suites.filter((suite) => {
    const last = record[suite];
    if (last === undefined || !countsAsGreen(last)) return true;
    if (stale) return stale.tree === null || last.tree !== stale.tree;
    return since === undefined || !since(last.commit);
  });
  if (!stale && !since) return wanted;
  return wanted.toSorted((a, b) => whenOf(record, a) - whenOf(record, b));
}

/** A result for what is committed nowhere says nothing of any commit. */
function countsAsGreen(run: SuiteRun): boolean {
  return isGreen(run) && run.passed > 0 && run.tree !== null;
}

const whenOf = (record: LongRecord, suite: string): number => Date.parse(record[suite]?.when ?? '1970-01-01T00:00:00Z');
