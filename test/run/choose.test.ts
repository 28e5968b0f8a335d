import { expect, it } from 'vitest';
import { choose } from './choose.js';
import type { SuiteRun } from './long-record.js';

const green = (day: number, given: Partial<SuiteRun> = {}): SuiteRun => ({
  when: `2026-11-${day}T00:00:00.000Z`,
  commit: `c${day}`,
  tree: 'now',
  passed: 3,
  failed: 0,
  skipped: 0,
  seconds: 60,
  seed: 1,
  ...given,
});

const record = {
  fresh: green(20),
  old: green(12, { tree: 'before' }),
  older: green(11, { tree: 'before' }),
  red: green(21, { failed: 1 }),
  skipping: green(22, { skipped: 1 }),
  nothing: green(23, { passed: 0 }),
  uncommitted: green(24, { tree: null }),
};
const suites = [...Object.keys(record), 'never'];

it('what is named runs, green or not, in that order', () => {
  expect(choose({ suites: ['old', 'fresh', 'never'], record })).toEqual(['old', 'fresh', 'never']);
});

it('what is green for this tree is left out, what was never run comes first, then the oldest', () => {
  const chosen = choose({ suites, record, stale: { tree: 'now' } });
  expect(chosen).toEqual(['never', 'older', 'old', 'red', 'skipping', 'nothing', 'uncommitted']);
});

it('nothing is green for a tree that is not committed', () => {
  expect(choose({ suites, record, stale: { tree: null } })).toHaveLength(suites.length);
});

it('what was green since a commit is left out', () => {
  const since = (commit: string): boolean => ['c12', 'c20', 'c21', 'c24'].includes(commit);
  const chosen = choose({ suites, record, since });
  expect(chosen).toEqual(['never', 'older', 'red', 'skipping', 'nothing', 'uncommitted']);
});
