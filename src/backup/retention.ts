import { newestFirst } from '../state/position.js';
import type { SnapshotInfo } from './snapshot-info.js';

export interface RetentionPolicy {
  /** Newest ones kept of each incarnation; of those before them one of each hour, then one of each day. */
  keep: number;
  /** Older ones go, whatever their number. */
  maxAgeMs: number;
}

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

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
 * IDs of the snapshots that may go: the further back, the fewer are kept. Age is read off a clock that may have leapt, and
 * a leap lets nothing go.
 */
export function prunable({ snapshots, policy, needed, now }: RetentionInput): string[] {
  const aged = agesOf(snapshots.toSorted(newestFirst), policy, now);
  const lives = [...new Set(aged.map(({ incarnation }) => incarnation))];
  return lives
    .flatMap((wanted, life) => {
      const ones = aged.filter(({ incarnation }) => incarnation === wanted);
      const kept = thinned(ones, policy);
      return ones.filter((each, rank) => !kept.has(each) && !(rank === 0 && life < LAST_OF_INCARNATIONS));
    })
    .flatMap(({ id }) => (needed.has(id) ? [] : [id]));
}

/**
 * Those that the change log goes on from: the newest `keep` of each incarnation and what is needed, not each that is kept
 * of a month, or so much would be kept of the log.
 *
 * @param kept The newest first
 */
export function loggedOnes<T extends Pick<KeptSnapshot, 'id' | 'incarnation'>>(
  kept: readonly T[],
  { keep, needed }: Pick<RetentionPolicy, 'keep'> & Pick<RetentionInput, 'needed'>,
): T[] {
  const seen = new Map<number, number>();
  return kept.filter(({ id, incarnation }) => {
    const rank = seen.get(incarnation) ?? 0;
    seen.set(incarnation, rank + 1);
    return rank < keep || needed.has(id);
  });
}

interface Aged extends KeptSnapshot {
  /** In milliseconds: at least so old. */
  age: number;
  /** Day and hour of the calendar that it is of, apart from those before a leap. */
  day: string;
  hour: string;
}

/** Those of one incarnation that the policy keeps. By the calendar: the newest of a day that is over stays that. */
function thinned(ones: readonly Aged[], { keep, maxAgeMs }: RetentionPolicy): ReadonlySet<Aged> {
  const newest = new Map<string, Aged>();
  for (const each of ones.toReversed()) newest.set(each.day, each).set(each.hour, each);
  return new Set(
    ones.filter((each, rank) => {
      if (each.age > maxAgeMs) return false;
      if (rank < keep || newest.get(each.day) === each) return true;
      return each.age <= DAY_MS && newest.get(each.hour) === each;
    }),
  );
}

/**
 * No time counts as gone by where the clock went further than any age that counts, or back; what it went forward after it
 * had gone back, or the other way round, is taken together.
 *
 * @param sorted The newest first
 */
function agesOf(sorted: readonly KeptSnapshot[], { maxAgeMs }: RetentionPolicy, now: number): Aged[] {
  const aged: Aged[] = [];
  let [after, gone, age, leaps] = [now, 0, 0, 0];
  for (const each of sorted) {
    const taken = Date.parse(each.takenAt);
    const gap = after - taken;
    if (Math.abs(gap) <= maxAgeMs) gone += gap;
    if (gap < 0 || gap > maxAgeMs) leaps += 1;
    age = Math.max(age, gone);
    const place = (unit: string, ms: number): string => `${leaps} ${unit} ${Math.floor(taken / ms)}`;
    aged.push({ ...each, age, day: place('day', DAY_MS), hour: place('hour', HOUR_MS) });
    after = taken;
  }
  return aged;
}
