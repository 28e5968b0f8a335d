import { describe, expect, test } from 'vitest';
import { analyse } from '../../../src/bench/analysis/analyse.js';
import type { RunRecord } from '../../../src/bench/record/record-schema.js';
import { gateMessage } from '../../../src/bench/report/gate-message.js';
import { compareRuns } from '../../../src/bench/verdict/compare.js';
import { gateChecks } from '../../../src/bench/verdict/gate.js';
import { loadVerdictSettings } from '../../../src/bench/verdict/verdict-settings.js';
import { syntheticRun } from '../../helpers/synthetic-run/synthetic-run.js';

const baseline = await syntheticRun();

async function checksOf(run: RunRecord, overrides: string[] = []) {
  const settings = await loadVerdictSettings({ overrides });
  return gateChecks(analyse(run), compareRuns(baseline, run, settings), settings);
}

async function failedOf(run: RunRecord, overrides: string[] = []): Promise<string[]> {
  const checks = await checksOf(run, overrides);
  return checks.filter(({ passed }) => passed === false).map(({ name }) => name);
}

test('a run like its baseline passes', async () => {
  expect(await failedOf(await syntheticRun({ seed: 2 }))).toEqual([]);
});

test('a headline figure that became worse fails, one that became better does not', async () => {
  const slower = await syntheticRun({ seed: 3, slowness: 1.3 });
  expect(await failedOf(slower)).toEqual(['Pod startup, median', 'Burst, pods per second']);
  expect(await failedOf(await syntheticRun({ seed: 3, slowness: 0.7 }))).toEqual([]);
});

test('slower pod networking fails', async () => {
  const run = await syntheticRun({ seed: 3, podFactor: 0.8 });
  expect(await failedOf(run)).toEqual(['Efficiency pod → pod, TCP', 'Efficiency pod → ClusterIP, TCP']);
});

describe('pods that never started', () => {
  test('fail, unless so many are allowed', async () => {
    const run = await syntheticRun({ seed: 2, neverEvery: 60 });
    expect(await failedOf(run)).toContain('pods never started');
    expect(await failedOf(run, ['gate.neverStarted=5'])).not.toContain('pods never started');
  });
});

describe('objectives', () => {
  test('a missed one fails, unless objectives are no matter', async () => {
    const run = await syntheticRun({ seed: 2, neverEvery: 20 });
    expect(await failedOf(run)).toContain('SLO Pod startup');
    expect(await failedOf(run, ['gate.slo=false'])).not.toContain('SLO Pod startup');
  });

  test('one that cannot be told stops nobody, and is said', async () => {
    const run = await syntheticRun({ seed: 2, overrides: ['pods.count=250'] });
    const check = (await checksOf(run)).find(({ name }) => name === 'SLO Pod startup');
    expect(check?.passed).toBeUndefined();
    expect(check && gateMessage(check)).toBe('p99 not bounded by 250 samples, limit 5.00 s');
  });
});

describe('absolute limits', () => {
  test.each([
    ['gate.atLeast={efficiency.pod.tcp: 0.99}', ['Efficiency pod → pod, TCP']],
    ['gate.atLeast={efficiency.pod.tcp: 0.9}', []],
    ['gate.atMost={pods.running.p50: 500}', ['Pod startup, median']],
    ['gate.atMost={pods.running.p50: 2000}', []],
  ])('%s', async (limit, failed) => {
    expect(await failedOf(await syntheticRun({ seed: 2 }), [limit])).toEqual(failed);
  });

  test('on what was not measured are not kept', async () => {
    const run = await syntheticRun({ seed: 2, overrides: ['network.tests=[tcp, round-trip]'] });
    expect(await failedOf(run, ['gate.atLeast={network.pod.udp: 1}'])).toEqual(['network.pod.udp']);
  });

  test.each([
    [2, []],
    [3, ['Efficiency pod → pod, TCP']],
  ])('are not kept in the %d rounds without a figure', async (lost, failed) => {
    const run = withoutHost(await syntheticRun({ seed: 2 }), lost);
    const settings = ['gate.atLeast={efficiency.pod.tcp: 0.9}', 'headline=[pods.running.p50]'];
    expect(await failedOf(run, settings)).toEqual(failed);
    const check = (await checksOf(run, settings)).find(({ name }) => name.startsWith('Efficiency'));
    expect(check && gateMessage(check)).toContain(`measured in ${5 - lost} of 5 rounds`);
  });
});

describe('a headline figure that only one run has', () => {
  test('fails when it was lost: every cell of the host failed', async () => {
    const run = withoutHost(await syntheticRun({ seed: 2 }), 5);
    const lost = ['efficiency.pod.tcp', 'efficiency.cluster-ip.tcp'];
    expect(await failedOf(run, ['gate.atLeast={efficiency.pod.tcp: 0.9}'])).toEqual(['efficiency.pod.tcp', ...lost]);
    expect(await failedOf(run)).toEqual(lost);
  });

  test('is not judged when it is new', async () => {
    const settings = await loadVerdictSettings();
    const before = withoutHost(await syntheticRun(), 5);
    const checks = gateChecks(analyse(baseline), compareRuns(before, baseline, settings), settings);
    const check = checks.find(({ name }) => name === 'efficiency.pod.tcp');
    expect(check?.passed).toBeUndefined();
    expect(check && gateMessage(check)).toBe('the baseline does not have it');
  });
});

/** The run, had no cell of the host's network carried anything in its first rounds. */
function withoutHost(run: RunRecord, rounds: number): RunRecord {
  const samples = run.network.samples.map((sample) =>
    sample.path === 'host' && sample.round <= rounds
      ? { ...sample, result: { kind: 'failed' as const, message: 'unable to connect to server' } }
      : sample,
  );
  return { ...run, network: { ...run.network, samples } };
}
