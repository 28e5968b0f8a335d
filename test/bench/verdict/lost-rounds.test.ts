import { expect, test } from 'vitest';
import type { RunRecord } from '../../../src/bench/record/record-schema.js';
import { compareRuns } from '../../../src/bench/verdict/compare.js';
import { lostRounds } from '../../../src/bench/verdict/lost-rounds.js';
import { loadVerdictSettings } from '../../../src/bench/verdict/verdict-settings.js';
import { syntheticRun } from '../../helpers/synthetic-run/synthetic-run.js';

const settings = await loadVerdictSettings();
const lost = (a: RunRecord, b: RunRecord): string[] => lostRounds(a, b, compareRuns(a, b, settings));
const busy = { code: 'node-busy', message: 's4 was busy', node: 's4' };
const NEEDED = 'no difference can be told: 6 comparisons need 5 rounds a side';

test('none when both sides have all that their presets ask for', async () => {
  expect(lost(await syntheticRun(), await syntheticRun({ seed: 2 }))).toEqual([]);
});

test('none when enough are left', async () => {
  const options = { overrides: ['rounds=7'] };
  expect(lost(await syntheticRun(options), await syntheticRun({ ...options, seed: 2, void: { 2: busy } }))).toEqual([]);
});

test('void ones, with their reasons', async () => {
  const b = { ...(await syntheticRun({ seed: 2, void: { 2: busy, 4: busy } })), id: 'later' };
  expect(lost(await syntheticRun(), b)).toEqual([
    NEEDED,
    'later has 3 of 5 rounds: round 2: s4 was busy; round 4: s4 was busy',
  ]);
});

test('those in which one figure is missing', async () => {
  const b = await syntheticRun({ seed: 2 });
  b.api.samples = b.api.samples.filter(({ round }) => round !== 3);
  expect(lost(await syntheticRun(), b)).toEqual([NEEDED, 'API create, median: 5 rounds against 4']);
});
