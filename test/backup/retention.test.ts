import { describe, expect, it } from 'vitest';
import { loggedOnes, prunable, type RetentionInput } from '../../src/backup/retention.js';
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
    const minutes = 1 / (24 * 60);
    const five = [9, 100, 1000, 20, 3].map((revision) => taken(1, revision, (30 - 5 * Math.log10(revision)) * minutes));
    expect(pruned([...five, taken(2, 5, 0)])).toEqual(['1-3', '1-9']);
  });

  it('thins out what is older: one of each hour of the last day, and one of each day', () => {
    // As serve takes them, and lets go each time, for four days.
    const policy = { keep: 24, maxAgeMs: 3 * DAY };
    let kept: SnapshotInfo[] = [];
    for (let count = 0; count <= 4 * 288; count++) {
      kept = [...kept, taken(1, count, 4 - count / 288)];
      const now = NOW - 4 * DAY + (count * DAY) / 288;
      const gone = new Set(prunable({ snapshots: kept, policy, needed: new Set(), now }));
      kept = kept.filter(({ id }) => !gone.has(id));
    }
    const minutes = kept.map(({ takenAt }) => Math.round((NOW - Date.parse(takenAt)) / 60_000)).toReversed();
    const every = (step: number, from: number, length: number) =>
      Array.from({ length }, (_, index) => from + index * step);
    // The last of each hour is of five minutes before the next one, and that of each day of five before midnight.
    expect(minutes).toEqual([...every(5, 0, 24), ...every(60, 125, 22), ...every(24 * 60, 36 * 60 + 5, 2)]);
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
    const five = [1, 2, 3, 4, 5].map((revision) => taken(1, revision, (5 - revision) / 1000));
    expect(pruned(five, { needed: new Set(['1-1']) })).toEqual(['1-2']);
  });

  it('lets nothing go by age after a leap of the clock, forwards or back', () => {
    const recent = [taken(1, 1, 3), taken(1, 2, 2), taken(1, 3, 1)];
    expect(pruned(recent, { now: NOW + 400 * DAY })).toEqual([]);
    expect(pruned(recent, { now: NOW - 400 * DAY })).toEqual([]);
    // The one taken after the leap does not make those before it old.
    expect(pruned([...recent.slice(0, 2), taken(1, 4, -400)], { now: NOW + 400 * DAY })).toEqual([]);
  });

  it('goes on thinning out behind a leap as if it had not been', () => {
    const before = Array.from({ length: 40 }, (_, hour) => taken(1, hour, (60 - hour) / 24));
    const gone = pruned(before, { now: NOW - (21 * DAY) / 24 });
    const kept = before.filter(({ id }) => !gone.includes(id));
    expect(kept.length).toBeGreaterThan(20);
    for (const leap of [400, 20, -400]) {
      const leapt = taken(1, 100, -leap);
      expect(pruned([...kept, leapt], { now: NOW + leap * DAY })).toEqual([]);
      // Nor when it is put right.
      expect(pruned([...kept, leapt, taken(1, 101, 20.9 / 24)], { now: NOW - (20.9 * DAY) / 24 })).toEqual([]);
    }
  });

  it('is no leap for ever: what lies before one goes too once it is surely too old', () => {
    const daily = [6, 5, 4, 3, 2, 1, 0].map((days) => taken(1, 106 - days, days * 2));
    expect(pruned([taken(1, 1, 400), ...daily])).toEqual(['1-1', '1-100']);
  });
});

it('the change log goes on from the newest of each incarnation and what is needed, not from a month of them', () => {
  const kept = [taken(2, 9, 0), taken(2, 8, 1), taken(2, 7, 2), taken(1, 6, 3), taken(1, 5, 4), taken(1, 4, 5)];
  const ids = loggedOnes(kept, { keep: 2, needed: new Set(['1-4']) }).map(({ id }) => id);
  expect(ids).toEqual(['2-9', '2-8', '1-6', '1-5', '1-4']);
});
