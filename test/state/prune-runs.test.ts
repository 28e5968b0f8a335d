import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { pruneRuns, RUNS_KEPT } from '../../src/state/prune-runs.js';

let runs: string;
beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), 'runs-'));
});
afterEach(() => rmSync(runs, { recursive: true }));

const nameOf = (second: number): string =>
  new Date(Date.UTC(2026, 10, 20) + second * 1000).toISOString().replaceAll(':', '-');

function made(name: string, file: string): string {
  mkdirSync(join(runs, name));
  writeFileSync(join(runs, name, file), '');
  return join(runs, name);
}

it('the oldest runs of up go, and nothing that is somebody else’s or in progress', async () => {
  const current = made(nameOf(0), 'events.ndjson');
  made(nameOf(1), 'boot.ndjson');
  made('notes', 'events.ndjson');
  for (let second = 2; second < RUNS_KEPT + 10; second += 1) made(nameOf(second), 'events.ndjson');
  await pruneRuns({ runs }, current);
  const left = readdirSync(runs).toSorted();
  const newest = Array.from({ length: RUNS_KEPT }, (_, index) => nameOf(index + 10));
  expect(left).toEqual([nameOf(0), nameOf(1), ...newest, 'notes']);
  await pruneRuns({ runs }, current);
  expect(readdirSync(runs).toSorted()).toEqual(left);
});

it('where there are no runs yet there is nothing to do', async () => {
  await pruneRuns({ runs: join(runs, 'none') }, join(runs, 'none', nameOf(0)));
  expect(readdirSync(runs)).toEqual([]);
});
