import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SUITES } from '../lanes.js';
import { listOf } from './list.js';
import { RECORD, readRecord, type SuiteRun, saveRun } from './long-record.js';

let path: string;
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'long-')), 'long.json');
});
afterEach(() => rmSync(join(path, '..'), { recursive: true }));

const RUN: SuiteRun = {
  when: '2026-11-30T12:00:00.000Z',
  commit: '0123456789abcdef',
  tree: 'abc',
  passed: 7,
  failed: 0,
  skipped: 0,
  seconds: 61,
  seed: 5,
};

it('keeps the last run of each suite, in the order of names', async () => {
  await saveRun(path, 'lab', { ...RUN, failed: 1 });
  await saveRun(path, 'five', RUN);
  await saveRun(path, 'lab', RUN);
  expect(await readRecord(path)).toMatchObject({ five: RUN, lab: RUN });
  expect(Object.keys(JSON.parse(readFileSync(path, 'utf8')))).toEqual(['five', 'lab']);
});

it('counts how often a suite has been green one after the other for the same sources', async () => {
  const red = { ...RUN, failed: 1 };
  const other = { ...RUN, tree: 'other' };
  const uncommitted = { ...RUN, tree: null };
  const counts: (number | undefined)[] = [];
  for (const run of [RUN, RUN, RUN, red, RUN, RUN, other, uncommitted, uncommitted]) {
    await saveRun(path, 'slow', run);
    counts.push((await readRecord(path)).slow?.inARow);
  }
  expect(counts).toEqual([1, 2, 3, 0, 1, 2, 1, 1, 1]);
});

it('a damaged record is not taken for none', async () => {
  writeFileSync(path, '{ "lab": { "when": "yesterday" } }');
  await expect(readRecord(path)).rejects.toThrow();
  await expect(saveRun(path, 'lab', RUN)).rejects.toThrow();
});

it('the record of this repository can be read, and names suites only', async () => {
  expect(Object.keys(SUITES)).toEqual(expect.arrayContaining(Object.keys(await readRecord(RECORD))));
});

it('the list says of each suite when it ran, on what, and how it ended', () => {
  const record = {
    lab: RUN,
    slow: { ...RUN, inARow: 3 },
    five: { ...RUN, tree: 'other', failed: 2, skipped: 1 },
    bench: { ...RUN, tree: null },
  };
  const lines = listOf(record, { commit: 'x', tree: 'abc' }).split('\n');
  const line = (name: string): string => lines.find((text) => text.startsWith(`${name} `)) ?? '';
  expect(line('lab')).toMatch(/^lab +\d+ min +2026-11-30T12:00Z this tree +7 passed in 2 min +the lab itself/);
  expect(line('slow')).toContain('7 passed in 2 min, 3 times in a row');
  expect(line('five')).toContain('2026-11-30T12:00Z 0123456');
  expect(line('five')).toContain('2 failed, 1 skipped in 2 min');
  expect(line('bench')).toContain('not committed');
  expect(line('faults')).toContain('never run');
});
