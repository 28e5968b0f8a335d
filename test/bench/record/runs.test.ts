import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findRun, keptRuns } from '../../../src/bench/record/runs.js';
import { writeRecord } from '../../../src/bench/record/write-record.js';
import { syntheticRun } from '../../helpers/synthetic-run/synthetic-run.js';

const IDS = ['2026-11-20T10-15-30.123Z', '2026-11-21T08-00-00.000Z', '2026-11-21T09-00-00.000Z'];
let bench: string;
beforeAll(async () => {
  bench = await mkdtemp(join(tmpdir(), 'bench-'));
  const run = await syntheticRun({ preset: 'quick' });
  for (const id of IDS) await writeRecord(join(bench, id, 'run.json'), { ...run, id });
  await mkdir(join(bench, 'notes'));
});
afterAll(() => rm(bench, { recursive: true }));

describe('a word names a run', () => {
  test.each([
    ['latest', IDS[2]],
    ['2026-11-20', IDS[0]],
    ['2026-11-21T08', IDS[1]],
    [IDS[0] ?? '', IDS[0]],
  ])('%s', async (word, id) => {
    expect(await findRun(word, bench)).toBe(join(bench, id ?? '', 'run.json'));
  });

  test('a file, and a directory with one', async () => {
    const directory = join(bench, IDS[0] ?? '');
    expect(await findRun(join(directory, 'run.json'), '/nowhere')).toBe(join(directory, 'run.json'));
    expect(await findRun(directory, '/nowhere')).toBe(join(directory, 'run.json'));
  });

  test.each([
    ['2026-11-21', '"2026-11-21" begins the names of several runs', `${IDS[1]}\n${IDS[2]}`],
    ['2025', '"2025" is neither a file nor a kept run', undefined],
    ['lastet', '"lastet" is neither a file nor a kept run; did you mean "latest"?', undefined],
  ])('%s does not', async (word, message, detail) => {
    await expect(findRun(word, bench)).rejects.toMatchObject({ code: 'run-unknown', exit: 2, message, detail });
  });

  test('where no run is kept', async () => {
    await expect(findRun('latest', join(bench, 'none'))).rejects.toMatchObject({
      code: 'run-unknown',
      exit: 2,
      message: `"latest" is no file, and no benchmark run is kept in ${join(bench, 'none')}`,
    });
  });
});

test('all of them, the oldest first; a damaged one does not hide the others', async () => {
  const damaged = join(bench, '2026-11-22T00-00-00.000Z');
  await mkdir(damaged);
  await writeFile(join(damaged, 'run.json'), '{');
  const runs = await keptRuns(bench);
  expect(runs.map(({ id }) => id)).toEqual([...IDS, '2026-11-22T00-00-00.000Z']);
  expect(runs.map(({ record, problem }) => record?.id ?? problem?.code)).toEqual([...IDS, 'run-unreadable']);
  await rm(damaged, { recursive: true });
});

test('none where there is nothing', async () => {
  expect(await keptRuns(join(bench, 'none'))).toEqual([]);
});
