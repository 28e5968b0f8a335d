import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { METRIC_IDS } from '../../../src/bench/analysis/metric-ids.js';
import { estimatedSeconds, pairsPerRound } from '../../../src/bench/preset/estimate.js';
import { loadPreset, presetNames } from '../../../src/bench/preset/load-preset.js';
import { PATHS, TESTS } from '../../../src/bench/record/terms.js';
import { samplesToBound } from '../../../src/bench/stats/interval.js';
import { roundsNeeded } from '../../../src/bench/verdict/compare.js';
import { loadVerdictSettings } from '../../../src/bench/verdict/verdict-settings.js';

const MINUTE = 60;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'presets-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe('the presets keep what they promise', () => {
  test('the shortest first', async () => {
    expect(await presetNames()).toEqual(['quick', 'standard', 'full']);
  });

  test.each(['quick', 'standard', 'full'])('%s measures every cell', async (name) => {
    const { network } = await loadPreset({ name });
    expect(network.paths).toEqual([...PATHS]);
    expect(network.tests).toEqual([...TESTS]);
  });

  test('quick ends within three minutes, with one pair and one round', async () => {
    const preset = await loadPreset({ name: 'quick' });
    expect(preset).toMatchObject({ rounds: 1, pods: { count: 60 }, network: { pairs: 'one', seconds: 2 } });
    for (const nodes of [1, 3, 12]) expect(estimatedSeconds(preset, nodes)).toBeLessThanOrEqual(3 * MINUTE);
  });

  test('standard takes about a quarter of an hour, however many nodes', async () => {
    const preset = await loadPreset({ name: 'standard' });
    expect(preset).toMatchObject({ rounds: 5, pods: { count: 300, rate: 5 }, network: { pairs: 'ring', seconds: 5 } });
    expect(estimatedSeconds(preset, 3)).toBeGreaterThan(12 * MINUTE);
    expect(estimatedSeconds(preset, 30)).toBeLessThan(18 * MINUTE);
  });

  test('standard bounds the p99 of pods and of every API request, and a p95 within each round', async () => {
    const { rounds, pods, api } = await loadPreset({ name: 'standard' });
    expect(pods.count).toBeGreaterThanOrEqual(samplesToBound(0.99));
    expect(pods.count / rounds).toBeGreaterThanOrEqual(samplesToBound(0.95));
    expect((api.rate * api.seconds * rounds) / api.requests.length).toBeGreaterThanOrEqual(samplesToBound(0.99));
  });

  test('standard carries the headline family, full carries everything at once', async () => {
    const { headline, alpha } = await loadVerdictSettings();
    expect((await loadPreset({ name: 'standard' })).rounds).toBeGreaterThanOrEqual(
      roundsNeeded(headline.length, alpha),
    );
    expect((await loadPreset({ name: 'full' })).rounds).toBeGreaterThanOrEqual(roundsNeeded(METRIC_IDS.length, alpha));
  });

  test('full has the timings of a report that is kept', async () => {
    const { rounds, network } = await loadPreset({ name: 'full' });
    expect(network).toMatchObject({ pairs: 'all', seconds: 10, omitSeconds: 2 });
    expect(rounds).toBeGreaterThanOrEqual(5);
  });
});

describe('estimates', () => {
  test('pairs of a round', async () => {
    const [quick, full] = [await loadPreset({ name: 'quick' }), await loadPreset({ name: 'full' })];
    expect([1, 2, 5].map((nodes) => pairsPerRound(quick, nodes))).toEqual([0, 1, 1]);
    expect([1, 2, 5].map((nodes) => pairsPerRound(full, nodes))).toEqual([0, 1, 10]);
  });

  test('one node leaves out all cells between nodes', async () => {
    const preset = await loadPreset({ name: 'standard' });
    expect(estimatedSeconds(preset, 1)).toBeLessThan(estimatedSeconds(preset, 2) / 2);
  });
});

describe('every number can be replaced', () => {
  test('with --set', async () => {
    const overrides = ['pods.count=100', 'network.tests=[tcp, udp]', 'pods.cold=false', 'description=mine'];
    const preset = await loadPreset({ name: 'quick', overrides });
    expect(preset.pods).toMatchObject({ count: 100, cold: false, rate: 5 });
    expect(preset.network.tests).toEqual(['tcp', 'udp']);
    expect(preset.description).toBe('mine');
  });

  test('by a file of one’s own', async () => {
    const file = join(directory, 'mine.yaml');
    const { stringify } = await import('yaml');
    await writeFile(file, stringify({ ...(await loadPreset({ name: 'quick' })), rounds: 2 }));
    expect((await loadPreset({ name: file })).rounds).toBe(2);
  });

  const refused = (name: string, overrides: string[] = []) =>
    loadPreset({ name, overrides }).then(
      () => undefined,
      ({ code, exit, message, hint, detail }) => ({ code, exit, message, hint, detail }),
    );

  test.each([
    ['standrad', 'there is no preset "standrad"; did you mean "standard"?'],
    ['everything', 'there is no preset "everything"'],
  ])('unknown preset %s', async (name, message) => {
    const hint = 'presets are full, quick, standard; a path names a file of your own';
    expect(await refused(name)).toMatchObject({ code: 'preset-unknown', exit: 2, message, hint });
  });

  test.each([
    ['pods.cuont=3', '--set pods.cuont=3: pods.cuont is not a known key; did you mean "count"?'],
    ['pods.count=0.5', '--set pods.count=0.5: pods.count must be a whole number, not the number 0.5'],
    ['pods=3', '--set pods=3: pods must be a mapping, not the number 3'],
    ['rounds=0', '--set rounds=0: rounds must be at least 1, not the number 0'],
    ['rounds=21', '--set rounds=21: rounds must be at most 20, not the number 21'],
    ['rounds=', '--set rounds=: rounds must be a number, not nothing'],
    ['network.tests=[tcp, tcp]', '--set network.tests=[tcp, tcp]: network.tests names something twice'],
    [
      'network.pairs=rnig',
      '--set network.pairs=rnig: network.pairs must be one of one, ring, all, not the text "rnig"; did you mean "ring"?',
    ],
    ['rounds', '--set rounds is not of the form key=value'],
    ['=3', '--set =3 is not of the form key=value'],
    ['dns.rate=[', '--set dns.rate=[: the value is not YAML'],
  ])('--set %s', async (override, message) => {
    expect(await refused('quick', [override])).toMatchObject({ exit: 2, message });
  });

  test('problems of a file are told with their place', async () => {
    const file = join(directory, 'broken.yaml');
    await writeFile(file, 'description: x\nrounds: many\npods: {count: 1, rat: 5}\n');
    const { detail } = (await refused(file, ['api.rate=-1'])) ?? {};
    expect(detail).toContain(`${file}:2:9 rounds must be a number, not the text "many"`);
    expect(detail).toContain(`${file}:3:18 pods.rat is not a known key; did you mean "rate"?`);
    expect(detail).toContain('--set api.rate=-1: api.rate must be more than 0, not the number -1');
    expect(await refused(join(directory, 'none.yaml'))).toMatchObject({ code: 'settings-unreadable', exit: 2 });
  });
});
