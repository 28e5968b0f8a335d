import { describe, expect, test } from 'vitest';
import type { RunRecord } from '../../../src/bench/record/record-schema.js';
import { driftLines, pairsDiffer, refuseDrift } from '../../../src/bench/verdict/comparable.js';
import { compareRuns, roundsNeeded } from '../../../src/bench/verdict/compare.js';
import { loadVerdictSettings } from '../../../src/bench/verdict/verdict-settings.js';
import { recordedRun } from '../../helpers/recorded-run.js';
import { syntheticRun } from '../../helpers/synthetic-run/synthetic-run.js';

const NETWORK = ['network.host.tcp', 'network.host.tcp-streams', 'network.host.tcp-reverse', 'network.host.udp'];
const settings = await loadVerdictSettings();
const recordedSettings = await loadVerdictSettings({ overrides: [`headline=[${NETWORK.join(', ')}]`] });
const verdicts = (a: RunRecord, b: RunRecord, judgedBy = settings): Record<string, string> =>
  Object.fromEntries(
    compareRuns(a, b, judgedBy)
      .compared.filter(({ headline }) => headline)
      .map(({ metric, verdict }) => [metric.id.replace('network.host.', ''), verdict]),
  );

describe('recorded on one machine', () => {
  test('A/A: the same link measured twice is the same, or too noisy to tell, and never better or worse', async () => {
    const found = verdicts(await recordedRun('a'), await recordedRun('b'), recordedSettings);
    // In two rounds of a and one of b something else took the machine's time.
    const told = { tcp: 'cannot tell', 'tcp-streams': 'same', 'tcp-reverse': 'cannot tell', udp: 'cannot tell' };
    expect(found).toEqual(told);
  });

  test('A/A without a limit on the link', async () => {
    const found = verdicts(await recordedRun('open-a'), await recordedRun('open-b'), recordedSettings);
    expect(found).toEqual({ tcp: 'same' });
  });

  test.each(['a', 'b', 'open-a', 'slowed'] as const)('a run against itself: %s', async (name) => {
    const run = await recordedRun(name);
    const found = Object.values(verdicts(run, run, recordedSettings));
    expect(found).not.toContain('better');
    expect(found).not.toContain('worse');
  });

  test.each(['a', 'b'] as const)('halves of run %s', async (name) => {
    const whole = await recordedRun(name);
    const half = (wanted: (round: number) => boolean): RunRecord => ({
      ...whole,
      rounds: whole.rounds.filter(({ round }) => round === 0 || wanted(round)),
      network: { ...whole.network, samples: whole.network.samples.filter(({ round }) => wanted(round)) },
    });
    const found = verdicts(
      half((round) => round % 2 === 0),
      half((round) => round % 2 === 1),
      recordedSettings,
    );
    expect(new Set(Object.values(found))).toEqual(new Set(['cannot tell']));
  });

  test('a link of 250 instead of 300 Mbit/s is worse where it was filled, and the same where it was not', async () => {
    const found = verdicts(await recordedRun('b'), await recordedRun('slowed'), recordedSettings);
    expect(found).toEqual({ tcp: 'worse', 'tcp-streams': 'worse', 'tcp-reverse': 'worse', udp: 'same' });
    const back = verdicts(await recordedRun('slowed'), await recordedRun('b'), recordedSettings);
    expect(back).toEqual({ tcp: 'better', 'tcp-streams': 'better', 'tcp-reverse': 'better', udp: 'same' });
  });
});

describe('what the number of rounds carries', () => {
  test.each([
    [1, 4],
    [6, 5],
    [7, 6],
    [23, 6],
    [24, 7],
    [85, 7],
    [86, 8],
  ])('%d comparisons need %d rounds a side', (comparisons, rounds) => {
    expect(roundsNeeded(comparisons, 0.05)).toBe(rounds);
  });

  test('5 rounds a side, fully apart, prove 6 differences and not a 7th', async () => {
    const [a, b] = [await syntheticRun(), await syntheticRun({ seed: 2, slowness: 2 })];
    const slow = ['pods.running.p50', 'pods.running.p95', 'pods.ready.p50', 'pods.burst.makespan', 'pods.burst.rate'];
    const six = await loadVerdictSettings({ overrides: [`headline=[${[...slow, 'dns.p50'].join(', ')}]`] });
    const seven = await loadVerdictSettings({
      overrides: [`headline=[${[...slow, 'dns.p50', 'etcd.commit'].join(', ')}]`],
    });
    expect(verdicts(a, b, six)).toMatchObject(Object.fromEntries(slow.map((id) => [id, 'worse'])));
    expect(compareRuns(a, b, six).carried).toBe(true);
    const seventh = compareRuns(a, b, seven);
    expect(seventh.carried).toBe(false);
    expect(seventh.compared.filter(({ metric }) => slow.includes(metric.id)).map(({ ground }) => ground)).toEqual(
      slow.map(() => 'few rounds'),
    );
  });

  test('one round tells nothing, of any figure', async () => {
    const [a, b] = [
      await syntheticRun({ preset: 'quick' }),
      await syntheticRun({ preset: 'quick', seed: 2, slowness: 3 }),
    ];
    const { compared } = compareRuns(a, b, settings);
    expect(compared.length).toBeGreaterThan(40);
    expect(new Set(compared.map(({ verdict, ground }) => `${verdict}: ${ground}`))).toEqual(
      new Set(['cannot tell: few rounds']),
    );
  });
});

test('pods that never start in every round are worse, though no ratio measures by how much', async () => {
  const [a, b] = [await syntheticRun(), await syntheticRun({ seed: 2 })];
  for (const { load, at } of b.pods.samples) if (load === 'paced') Object.assign(at, { running: null, ready: null });
  const headline = await loadVerdictSettings({ overrides: ['headline=[pods.running.p50]'] });
  const [startup] = compareRuns(a, b, headline).compared;
  expect(startup).toMatchObject({ verdict: 'worse', medianB: Number.POSITIVE_INFINITY });
  const [same] = compareRuns(b, b, headline).compared;
  expect(same?.verdict).toBe('same');
});

test('what only one run has is named', async () => {
  const [a, b] = [await syntheticRun(), await syntheticRun({ overrides: ['network.tests=[tcp, round-trip]'] })];
  const { onlyA, onlyB } = compareRuns(a, b, settings);
  expect(onlyA).toContain('network.pod.udp');
  expect(onlyB).toEqual([]);
});

describe('pairs of nodes that take turns', () => {
  const busy = { code: 'node-busy', message: 'busy', node: 's4' };

  test('are other ones when other rounds were lost, which is said', async () => {
    const [a, b] = [await syntheticRun({ void: { 4: busy } }), await syntheticRun({ seed: 2, void: { 3: busy } })];
    expect(pairsDiffer(a, b)).toEqual([
      'figures between nodes mix other pairs: s4–s5 in 1 and 2, s4–s6 in 1 and 0, s5–s6 in 2 and 2 counted rounds',
    ]);
  });

  test.each([
    ['the same rounds count', [], 3],
    ['every round measures all of them', ['network.pairs=all'], 2],
    ['no round measures two nodes', ['network.paths=[pod-same-node]'], 2],
  ])('are the same when %s', async (_name, overrides, lost) => {
    const a = await syntheticRun({ overrides, void: { 3: busy } });
    expect(pairsDiffer(a, await syntheticRun({ overrides, seed: 2, void: { [lost]: busy } }))).toEqual([]);
  });
});

describe('different conditions', () => {
  test('a person must decide', async () => {
    const [a, b] = [await syntheticRun(), await syntheticRun({ networkMode: 'vxlan', kubernetes: '1.35.1' })];
    expect(driftLines(a, b)).toEqual([
      'kubelet: 1.36.4 (s4, s5, s6) → 1.35.1 (s4, s5, s6)',
      'kubernetes: 1.36.4 → 1.35.1',
      'network mode: routed → vxlan',
      'pod MTU: 1500 (s4, s5, s6) → 1450 (s4, s5, s6)',
    ]);
    expect(() => refuseDrift(a, b)).toThrow(
      expect.objectContaining({ code: 'runs-drifted', exit: 5, detail: driftLines(a, b).join('\n') }),
    );
  });

  test('equal ones do not', async () => {
    const [a, b] = [await syntheticRun(), await syntheticRun({ seed: 2 })];
    expect(() => refuseDrift(a, b)).not.toThrow();
  });
});

describe('settings', () => {
  test.each([
    ['headline=[pods.runing.p50]', '"pods.runing.p50" is not a metric; did you mean "pods.running.p50"?'],
    [
      'gate.atLeast={efficiency.pod.tpc: 1}',
      '"efficiency.pod.tpc" is not a metric; did you mean "efficiency.pod.tcp"?',
    ],
    ['margins.latency=0', 'margins.latency must be more than 0'],
    ['alhpa=0.1', 'alhpa is not a known key; did you mean "alpha"?'],
  ])('%s', async (override, message) => {
    await expect(loadVerdictSettings({ overrides: [override] })).rejects.toMatchObject({
      exit: 2,
      message: expect.stringContaining(message),
    });
  });
});
