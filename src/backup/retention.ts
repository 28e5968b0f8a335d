import { newestFirst, type SnapshotInfo } from './snapshot-info.js';

export interface RetentionPolicy {
  /** Newest ones kept of each incarnation. */
  keep: number;
  /** Older ones go, whatever their number. */
  maxAgeMs: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

export const policyOf = (keep: number, days: number): RetentionPolicy => ({ keep, maxAgeMs: days * DAY_MS });

/** As much of one as retention asks for. */
export type KeptSnapshot = Pick<SnapshotInfo, 'id' | 'incarnation' | 'revision' | 'takenAt'>;

/** Of so many incarnations the last snapshot is kept, whatever the policy says. */
const LAST_OF_INCARNATIONS = 5;

export interface RetentionInput {
  snapshots: readonly KeptSnapshot[];
  policy: RetentionPolicy;
  /** IDs of those that something still needs, e.g. a restore that is under way. */
  needed: ReadonlySet<string>;
  /** By the operator's clock, milliseconds since the epoch. */
  now: number;
}

/**
 * IDs of the snapshots that may go. Age is read off a clock that may have leapt: where one snapshot was taken before
 * the one before it, or later than any age that counts, what lies before that leap has no age.
 */
export function prunable({ snapshots, policy, needed, now }: RetentionInput): string[] {
  const sorted = snapshots.toSorted(newestFirst);
  const incarnations = [...new Set(sorted.map(({ incarnation }) => incarnation))];
  const lastOnes = incarnations
    .slice(0, LAST_OF_INCARNATIONS)
    .map((wanted) => sorted.find(({ incarnation }) => incarnation === wanted)?.id);
  const aged = agedOut(sorted, policy, now);
  return sorted
    .filter(({ id, incarnation }) => {
      if (needed.has(id) || lastOnes.includes(id)) return false;
      const rank = sorted.filter((other) => other.incarnation === incarnation).findIndex((other) => other.id === id);
      return rank >= policy.keep || aged.has(id);
    })
    .map(({ id }) => id);
}

function agedOut(sorted: readonly KeptSnapshot[], { maxAgeMs }: RetentionPolicy, now: number): ReadonlySet<string> {
  const aged = new Set<string>();
  let after = now;
  for (const { id, takenAt } of sorted) {
    const taken = Date.parse(takenAt);
    const gap = after - taken;
    if (gap < 0 || gap > maxAgeMs) return aged;
    if (now - taken > maxAgeMs) aged.add(id);
    after = taken;
  }
  return aged;
}
