import { describe, expect, test } from 'vitest';
import { kubeletComparison, podStartup, startupMs } from '../../../src/bench/analysis/pod-startup.js';
import { countedRounds } from '../../../src/bench/analysis/rounds.js';
import { stageBudget } from '../../../src/bench/analysis/stage-budget.js';
import type { RunRecord } from '../../../src/bench/record/record-schema.js';
import { syntheticRun } from '../../helpers/synthetic-run/synthetic-run.js';

const startupOf = (record: RunRecord) => podStartup(record, countedRounds(record));
const NEVER = Number.POSITIVE_INFINITY;

test('latency counts from the intended moment', async () => {
  const { pods } = await syntheticRun({ preset: 'quick' });
  const [pod] = pods.samples.filter(({ load }) => load === 'paced');
  if (pod === undefined) throw new Error('no paced pod');
  expect(startupMs(pod, 'running')).toBeCloseTo((pod.at.running ?? 0) - pod.intended, 9);
});

describe('a pod that never started', () => {
  test('is infinite in the quantiles, not missing', async () => {
    const { stages, never } = startupOf(await syntheticRun({ neverEvery: 20 }));
    const running = stages.find(({ stage }) => stage === 'running');
    expect(running?.sorted).toHaveLength(300);
    expect(running?.sorted.filter((ms) => ms === NEVER)).toHaveLength(15);
    expect(running?.quantiles.map(({ value }) => value === NEVER)).toEqual([false, false, false, true]);
    expect(never).toHaveLength(15);
    expect(never[0]).toEqual({
      name: 'paced-1-19',
      round: 1,
      node: 's5',
      reason: 'deleted while its sandbox was made',
    });
  });

  test('reaches the stages before', async () => {
    const { stages } = startupOf(await syntheticRun({ neverEvery: 20 }));
    expect(stages.find(({ stage }) => stage === 'scheduled')?.sorted.at(-1)).toBeLessThan(NEVER);
  });

  test('in a burst makes its makespan infinite and its rate nothing', async () => {
    const record = await syntheticRun({ preset: 'quick' });
    const burst = record.pods.samples.find(({ load }) => load === 'burst');
    Object.assign(burst?.at ?? {}, { running: null, ready: null });
    const { burstMakespan, burstRate } = startupOf(record);
    expect([burstMakespan, burstRate]).toEqual([[{ round: 1, value: NEVER }], [{ round: 1, value: 0 }]]);
  });
});

test('the warm-up and void rounds do not count', async () => {
  const reason = { code: 'node-busy', message: 'busy', node: null };
  const record = await syntheticRun({ void: { 2: reason, 3: reason } });
  const { stages, median, cold } = startupOf(record);
  expect(stages[0]?.sorted).toHaveLength(180);
  expect(median.map(({ round }) => round)).toEqual([1, 4, 5]);
  expect(cold.map(({ node }) => node)).toEqual(['s4', 's5', 's6']);
});

test('a stage this API server does not tell of is no stage that was missed', async () => {
  const stages = ['sent', 'accepted', 'added', 'scheduled', 'running', 'ready'] as const;
  const record = await syntheticRun({ preset: 'quick', stages });
  expect(startupOf(record).stages.map(({ stage }) => stage)).toEqual([...stages]);
  expect(startupOf(record).never).toEqual([]);
});

test('a round with fewer pods than bound its p95 has none', async () => {
  expect(startupOf(await syntheticRun()).p95).toHaveLength(5);
  expect(startupOf(await syntheticRun({ overrides: ['pods.count=200'] })).p95).toEqual([]);
});

test('a stalled API shows in the latencies although its answers were quick once they came', async () => {
  const [calm, stalled] = [startupOf(await syntheticRun()), startupOf(await syntheticRun({ stallMs: 4000 }))];
  const slowest = ({ stages }: typeof calm) => stages.find(({ stage }) => stage === 'accepted')?.sorted.at(-1) ?? 0;
  expect(slowest(calm)).toBeLessThan(100);
  expect(slowest(stalled)).toBeGreaterThan(3900);
});

describe('the time between stages', () => {
  test('adds up to the mean of the whole', async () => {
    const record = await syntheticRun({ neverEvery: 30 });
    const started = record.pods.samples.filter(({ load, failure }) => load === 'paced' && failure === null);
    const mean = started.reduce((sum, pod) => sum + startupMs(pod, 'ready'), 0) / started.length;
    const shares = stageBudget(record, countedRounds(record));
    expect(shares.reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo(mean, 6);
    expect(shares.map(({ title }) => title)).toEqual([
      'API accepts',
      'scheduler binds',
      'sandbox and network',
      'containers start',
      'Ready is reported',
    ]);
  });

  test('without a sandbox stage names what the containers’ share holds', async () => {
    const stages = ['sent', 'accepted', 'added', 'scheduled', 'running', 'ready'] as const;
    const record = await syntheticRun({ preset: 'quick', stages });
    expect(stageBudget(record, [1]).map(({ title }) => title)).toContain('sandbox, network and containers');
  });
});

describe('the kubelets’ own figure', () => {
  test('beside ours, of all pods that ran', async () => {
    const record = await syntheticRun({ preset: 'quick' });
    record.pods.kubelet.nodes = [
      { node: 's4', histogram: 'kubelet_pod_start_sli_duration_seconds', count: 30, sumSeconds: 45 },
      { node: 's5', histogram: 'kubelet_pod_start_sli_duration_seconds', count: 10, sumSeconds: 5 },
    ];
    const compared = kubeletComparison(record);
    expect(compared).toMatchObject({ kubelet: 1.25, pods: 40 });
    expect(compared?.ours).toBeGreaterThan(0.3);
  });

  test('is as exact as the moments at which pods were sent are spread over the second', async () => {
    const tolerance = async (overrides: string[]) =>
      kubeletComparison(await syntheticRun({ preset: 'quick', overrides }))?.tolerance;
    // 60 at 5/s are spread over it, 30 at once or 3 at 1/s lose the same fraction each.
    const mixed = 3 * Math.sqrt(((60 / 93 / 5) ** 2 + (30 / 93) ** 2 + (3 / 93) ** 2) / 12);
    expect(await tolerance([])).toBeCloseTo(mixed, 6);
    expect(await tolerance(['pods.burstPerNode=0'])).toBe(0.2);
  });

  test('not available', async () => {
    const record = await syntheticRun({ preset: 'quick' });
    record.pods.kubelet = { unavailable: 'Kubernetes 1.20 has no such histogram', nodes: [] };
    expect(kubeletComparison(record)).toBeUndefined();
  });
});
