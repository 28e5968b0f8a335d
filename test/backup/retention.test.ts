import { describe, expect, it } from 'vitest';
import { prunable, type RetentionInput } from '../../src/backup/retention.js';
import type { SnapshotInfo } from '../../src/backup/snapshot-info.js';
import { sampleSnapshot } from './samples.js';

const DAY = 24 * 60 * 60 * 1000;
const NOW = Date.parse('2026-11-30T12:00:00Z');

const taken = (incarnation: number, revision: number, daysAgo: number): SnapshotInfo =>
  sampleSnapshot({ incarnation, revision: `${revision}`, takenAt: new Date(NOW - daysAgo * DAY).toISOString() });

function pruned(snapshots: SnapshotInfo[], changes: Partial<RetentionInput> = {}): string[] {
  const policy = { keep: 3, maxAgeMs: 10 * DAY };
  return prunable({ snapshots, policy, needed: new Set(), now: NOW, ...changes }).toSorted();
}

describe('prunable', () => {
  it('keeps the newest of each incarnation, by revision and not by the order they lie in', () => {
    const five = [9, 100, 1000, 20, 3].map((revision) => taken(1, revision, 5 - Math.log10(revision)));
    expect(pruned([...five, taken(2, 5, 0)])).toEqual(['1-3', '1-9']);
  });

  it('lets go what is too old, but never the last of an incarnation', () => {
    const old = [taken(1, 1, 25), taken(1, 2, 20), taken(1, 3, 15), taken(2, 4, 8), taken(2, 5, 1)];
    expect(pruned(old)).toEqual(['1-1', '1-2']);
  });

  it('keeps the last of five incarnations, and of none before them', () => {
    const lives = [1, 2, 3, 4, 5, 6, 7].map((incarnation) => taken(incarnation, incarnation, 30 - 4 * incarnation));
    expect(pruned(lives)).toEqual(['1-1', '2-2']);
  });

  it('keeps what is needed', () => {
    const five = [1, 2, 3, 4, 5].map((revision) => taken(1, revision, 5 - revision));
    expect(pruned(five, { needed: new Set(['1-1']) })).toEqual(['1-2']);
  });

  it('lets nothing go by age after a leap of the clock, forwards or back', () => {
    const recent = [taken(1, 1, 3), taken(1, 2, 2), taken(1, 3, 1)];
    expect(pruned(recent, { now: NOW + 400 * DAY })).toEqual([]);
    expect(pruned(recent, { now: NOW - 400 * DAY })).toEqual([]);
    // The one taken after the leap does not make those before it old.
    expect(pruned([...recent.slice(0, 2), taken(1, 4, -400)], { now: NOW + 400 * DAY })).toEqual([]);
  });
});
