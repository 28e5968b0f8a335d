import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { conformanceRecord, readConformanceRecord, writeConformanceRecord } from './conformance-record.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'records-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const outcome = (name: string, state: 'passed' | 'failed' | 'skipped', message = '') => {
  return { name, state, message, seconds: 1 };
};
const AROUND = {
  kubernetes: '1.37.2',
  nodes: 'three',
  skipped: [{ name: 'outside', reason: 'no world' }],
  seconds: 60,
  procs: 8,
  seed: 1,
  ran: '2026-11-30',
  commit: 'abc',
};

it('counts, and names what did not pass', () => {
  const outcomes = [
    outcome('c', 'failed', 'x'.repeat(5000)),
    outcome('b', 'passed'),
    outcome('d', 'skipped', 'needs a cloud'),
    outcome('a', 'failed', 'short'),
  ];
  expect(conformanceRecord(outcomes, AROUND)).toEqual({
    ...AROUND,
    passed: 1,
    failed: 2,
    failures: [
      { name: 'a', message: 'short' },
      { name: 'c', message: 'x'.repeat(600) },
    ],
    skipped: [
      { name: 'outside', reason: 'no world' },
      { name: 'd', reason: 'needs a cloud' },
    ],
  });
});

it('is what was written last, one for each kind', () => {
  const record = conformanceRecord([outcome('a', 'passed')], AROUND);
  expect(readConformanceRecord('conformance', directory)).toBeUndefined();
  writeConformanceRecord('conformance', conformanceRecord([], AROUND), directory);
  writeConformanceRecord('conformance', record, directory);
  const leftOut = [{ pattern: 'p', reason: 'r' }];
  const node = conformanceRecord([], { ...AROUND, leftOut, notRun: 3 });
  writeConformanceRecord('node-conformance', node, directory);
  expect(readConformanceRecord('conformance', directory)).toEqual(record);
  expect(readConformanceRecord('node-conformance', directory)).toMatchObject({ leftOut, notRun: 3, passed: 0 });
  expect(readdirSync(directory).toSorted()).toEqual(['conformance.json', 'node-conformance.json']);
});

it('those of this repository say why each test was skipped', () => {
  for (const kind of ['conformance', 'node-conformance'] as const) {
    for (const { name, reason } of readConformanceRecord(kind)?.skipped ?? []) expect(reason, name).toMatch(/\w/);
  }
});
