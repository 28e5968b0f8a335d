import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseRecord, readRecord } from '../../../src/bench/record/read-record.js';
import type { RunRecord } from '../../../src/bench/record/record-schema.js';
import { recordText, writeRecord } from '../../../src/bench/record/write-record.js';
import { syntheticRun } from '../../helpers/synthetic-run/synthetic-run.js';

let directory: string;
let record: RunRecord;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'run-'));
  record = await syntheticRun({ preset: 'quick', neverEvery: 20 });
});
afterAll(() => rm(directory, { recursive: true }));

const changed = (change: (record: RunRecord) => void): string => {
  const copy = structuredClone(record);
  change(copy);
  return JSON.stringify(copy);
};
const problemOf = (text: string) => {
  try {
    return parseRecord('run.json', text);
  } catch (error) {
    return error;
  }
};

test('what is written is read again, whole', async () => {
  const file = join(directory, 'bench', '2026-11-20', 'run.json');
  await writeRecord(file, record);
  expect(await readRecord(file)).toEqual(record);
});

test('one line per sample', () => {
  const lines = recordText(record).split('\n');
  expect(lines.filter((line) => line.includes('"intended"') && line.includes('"load"'))).toHaveLength(
    record.pods.samples.length,
  );
});

test('a pod that never started is null in the file, for JSON has no infinity', async () => {
  const file = join(directory, 'run.json');
  await writeRecord(file, record);
  const never = JSON.parse(await readFile(file, 'utf8')).pods.samples.find((pod: { failure: unknown }) => pod.failure);
  expect(never.at.running).toBeNull();
  const infinite = changed(() => {}).replace(/"running":[\d.]+/, '"running":1e999');
  expect(problemOf(infinite)).toMatchObject({ code: 'run-damaged' });
});

describe('what cannot be read says so', () => {
  test.each([
    ['not JSON', '{', 'run-unreadable', 'run.json is not a benchmark run of k8s-diskless'],
    ['another file', '{"kind": "Pod"}', 'run-unreadable', 'run.json is not a benchmark run of k8s-diskless'],
    ['a list', '[]', 'run-unreadable', 'run.json is not a benchmark run of k8s-diskless'],
  ])('%s', (_name, text, code, message) => {
    expect(problemOf(text)).toMatchObject({ code, message, exit: 2 });
  });

  test.each([
    [
      2,
      'run.json has schema 2, and this k8s-diskless reads schema 1',
      'use the k8s-diskless that wrote it, or a newer one',
    ],
    [0, 'run.json has schema 0, and this k8s-diskless reads schema 1', 'measure again: older runs are not comparable'],
    [
      '1',
      'run.json has schema "1", and this k8s-diskless reads schema 1',
      'measure again: older runs are not comparable',
    ],
  ])('schema %j', (schema, message, hint) => {
    const text = JSON.stringify({ ...record, schema });
    expect(problemOf(text)).toMatchObject({ code: 'run-schema', exit: 2, message, hint });
  });

  test.each<[string, (record: RunRecord) => void, string]>([
    ['a missing key', (run) => Reflect.deleteProperty(run, 'seed'), 'seed is missing'],
    ['an unknown key', (run) => Object.assign(run.observer, { lag: 1 }), 'observer.lag is not a known key'],
    [
      'a stage that was not observed',
      (run) => Reflect.deleteProperty(run.pods.samples[3]?.at ?? {}, 'running'),
      'pods.samples[3].at must hold the stages sent accepted added scheduled sandboxReady running ready',
    ],
    [
      'a sample of no round',
      (run) => Object.assign(run.api.samples[2] ?? {}, { round: 9 }),
      'api.samples[2].round is 9, and there is no such round',
    ],
    [
      'a round twice',
      (run) => run.rounds.push(structuredClone(run.rounds[1]) as never),
      'rounds numbers a round twice',
    ],
    [
      'a negative time',
      (run) => Object.assign(run.pods.samples[0] ?? {}, { intended: -1 }),
      'pods.samples[0].intended must be at least 0',
    ],
  ])('%s, with its place', (_name, change, detail) => {
    expect(problemOf(changed(change))).toMatchObject({
      code: 'run-damaged',
      exit: 2,
      detail: expect.stringContaining(detail),
    });
  });

  test('of many problems the first few', () => {
    const text = changed((run) => {
      for (const sample of run.api.samples) sample.round = 7;
    });
    const { detail } = problemOf(text) as { detail: string };
    expect(detail.split('\n')).toHaveLength(9);
    expect(detail).toMatch(/… and \d+ more$/);
  });

  test('a file that is not there', async () => {
    await expect(readRecord(join(directory, 'none.json'))).rejects.toMatchObject({ code: 'run-unreadable', exit: 2 });
  });
});

test('what we could not read ourselves is no record, and kept beside: a bug of ours', async () => {
  const file = join(directory, 'wrong.json');
  const wrong = { ...record, seed: -1 };
  await expect(writeRecord(file, wrong)).rejects.toMatchObject({ code: 'run-invalid', exit: 1 });
  await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(JSON.parse(await readFile(`${file}.invalid`, 'utf8'))).toEqual(wrong);
});

test('a place that cannot be written to', async () => {
  await writeFile(join(directory, 'file'), '');
  await expect(writeRecord(join(directory, 'file', 'run.json'), record)).rejects.toMatchObject({
    code: 'state-not-usable',
    exit: 2,
  });
});
