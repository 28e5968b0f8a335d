import { expect, it } from 'vitest';
import { untilNext } from '../../src/serve/keep-snapshots.js';

const AT = Date.parse('2026-12-01T12:00:00Z');
const MINUTE_MS = 60_000;

function dueAfter(minutes: number): number {
  const newest = { takenAt: new Date(AT - minutes * MINUTE_MS).toISOString() };
  return untilNext({ everyMs: 5 * MINUTE_MS, newest, nowMs: AT });
}

it('the next snapshot is due so long after the last one, whoever took it and whenever the daemon began', () => {
  expect(dueAfter(0)).toBe(5 * MINUTE_MS);
  expect(dueAfter(2)).toBe(3 * MINUTE_MS);
  expect(dueAfter(5)).toBe(0);
  expect(dueAfter(600)).toBe(0);
});

it('where there is none, one is due', () => {
  expect(untilNext({ everyMs: 5 * MINUTE_MS, newest: undefined, nowMs: AT })).toBe(0);
});

it('a clock that leapt back does not put it off for as long as it leapt', () => {
  expect(dueAfter(-600)).toBe(5 * MINUTE_MS);
});
