import { describe, expect, test } from 'vitest';
import { analyse } from '../../../src/bench/analysis/analyse.js';
import { METRIC_IDS } from '../../../src/bench/analysis/metric-ids.js';
import { metricsOf } from '../../../src/bench/analysis/metrics.js';
import { apiLatencies, dnsLatencies, etcdLatencies } from '../../../src/bench/analysis/requests.js';
import { roundStates, voidRun } from '../../../src/bench/analysis/rounds.js';
import { judgeSlo } from '../../../src/bench/analysis/slo.js';
import type { RunRecord } from '../../../src/bench/record/record-schema.js';
import { syntheticRun } from '../../helpers/synthetic-run/synthetic-run.js';

const NEVER = Number.POSITIVE_INFINITY;
const busy = { code: 'node-busy', message: 'busy', node: 's4' };
const warningsOf = (record: RunRecord): string[] => analyse(record).warnings.map(({ code }) => code);

test('a whole run has every metric there is, once a round', async () => {
  const metrics = metricsOf(await syntheticRun());
  expect(metrics.map(({ id }) => id).sort()).toEqual([...METRIC_IDS].sort());
  expect(metrics.filter(({ values }) => values.length !== 5)).toEqual([]);
});

describe('rounds and runs that do not count', () => {
  test('a round with a reason is void, the warm-up is neither', async () => {
    const record = await syntheticRun({ void: { 2: busy } });
    expect(roundStates(record).map(({ state }) => state)).toEqual([
      'warm-up',
      'counted',
      'void',
      'counted',
      'counted',
      'counted',
    ]);
    expect(voidRun(record)).toEqual([]);
    expect(metricsOf(record)[0]?.values.map(({ round }) => round)).toEqual([1, 3, 4, 5]);
  });

  test.each<[string, Partial<RunRecord>, string]>([
    ['interrupted', { outcome: 'interrupted' }, 'the run was interrupted'],
    ['failed', { outcome: 'failed' }, 'the run was ended by a failure'],
    [
      'on a cluster that changed under it',
      {
        findings: [{ severity: 'error', code: 'version-changed', message: 'the API server was replaced', hint: null }],
      },
      'the API server was replaced',
    ],
    [
      'with a wrong MTU',
      { network: { mtu: [{ path: 'pod', from: 's4', to: 's5', mtu: 1500, passed: false }], leftOut: [], samples: [] } },
      'packets of 1500 bytes do not pass pod → pod from s4 to s5: the MTU is larger than the path carries',
    ],
  ])('a run %s is void', async (_name, change, reason) => {
    expect(voidRun({ ...(await syntheticRun({ preset: 'quick' })), ...change })).toEqual([reason]);
  });

  test('more than half of the rounds must count', async () => {
    const two = await syntheticRun({ void: { 1: busy, 2: busy } });
    const three = await syntheticRun({ void: { 1: busy, 2: busy, 3: busy } });
    expect(voidRun(two)).toEqual([]);
    expect(voidRun(three)).toEqual(['2 of 5 rounds count, and more than half must']);
    expect(voidRun(await syntheticRun({ preset: 'quick', void: { 1: busy } }))).toHaveLength(1);
  });

  test('without any counted round nothing is claimed, and nothing breaks', async () => {
    const { startup, cells, slos, metrics } = analyse(await syntheticRun({ preset: 'quick', void: { 1: busy } }));
    expect([startup.stages, cells, slos, metrics]).toEqual([[], [], [], []]);
  });
});

describe('objectives', () => {
  const spread = (samples: number, slowest: number): number[] => [...new Array<number>(samples - 1).fill(1), slowest];

  test.each([
    ['met: 300 samples, all within', spread(300, 900), 'met'],
    ['299 suffice', spread(299, 900), 'met'],
    ['298 do not', spread(298, 900), 'cannot tell'],
    ['one of 300 beyond leaves it open', spread(300, 5000), 'cannot tell'],
    ['many beyond', [...spread(200, 1), ...new Array<number>(20).fill(NEVER)], 'missed'],
    ['none measured', [], 'cannot tell'],
  ])('%s', (_name, sorted, verdict) => {
    expect(judgeSlo('x', 1000, sorted).verdict).toBe(verdict);
  });

  test('those of a standard run', async () => {
    const { slos } = analyse(await syntheticRun());
    expect(slos.map(({ name, limitMs }) => `${name} ${limitMs}`)).toEqual([
      'Pod startup 5000',
      'API get 1000',
      'API list namespace 5000',
      'API create 1000',
      'API delete 1000',
    ]);
  });
});

describe('requests', () => {
  test('what was never answered, or answered wrongly, is infinite', async () => {
    const record = await syntheticRun({ preset: 'quick' });
    const gets = record.api.samples.filter(({ request }) => request === 'get');
    Object.assign(gets[0] ?? {}, { done: null, status: null, failure: 'connection lost' });
    Object.assign(gets[1] ?? {}, { status: 500, failure: 'status 500' });
    Object.assign(record.dns.samples[0] ?? {}, { latencyMs: null, failure: 'timed out' });
    const summary = apiLatencies(record, [1]).find(({ request }) => request === 'get');
    expect(summary).toMatchObject({ failed: 2 });
    expect(summary?.sorted.slice(-2)).toEqual([NEVER, NEVER]);
    expect(dnsLatencies(record, [1])?.failed).toBe(1);
  });

  test('a stalled API server cannot hide: requests due meanwhile count from when they were due', async () => {
    const rounds = [1, 2, 3, 4, 5];
    const slowest = (record: RunRecord) =>
      Math.max(...apiLatencies(record, rounds).map(({ sorted }) => sorted.at(-1) ?? 0));
    expect(slowest(await syntheticRun())).toBeLessThan(100);
    expect(slowest(await syntheticRun({ stallMs: 3000 }))).toBeGreaterThan(2800);
  });

  test('etcd: means from sums and counts, over all members', async () => {
    const record = await syntheticRun({ preset: 'quick' });
    const member = { round: 1, backendCommit: { count: 0, sumSeconds: 0 } };
    record.etcd.samples = [
      { ...member, member: 's4', walFsync: { count: 100, sumSeconds: 0.1 } },
      { ...member, member: 's5', walFsync: { count: 300, sumSeconds: 0.1 } },
    ];
    expect(etcdLatencies(record, [1])).toEqual({ walFsync: [{ round: 1, value: 0.5 }], backendCommit: [] });
  });
});

describe('warnings', () => {
  test('a sound run has none, with a tunnel or without', async () => {
    expect(warningsOf(await syntheticRun())).toEqual([]);
    expect(warningsOf(await syntheticRun({ networkMode: 'vxlan' }))).toEqual([]);
  });

  test('pods that never started', async () => {
    const { warnings } = analyse(await syntheticRun({ preset: 'quick', neverEvery: 60 }));
    expect(warnings).toContainEqual({
      code: 'pods-never-started',
      message: '1 pod never started and counts as infinite, paced-1-59: deleted while its sandbox was made',
    });
  });

  test.each<[string, (record: RunRecord) => void, string]>([
    [
      'a kubelet that disagrees',
      ({ pods }) => Object.assign(pods.kubelet.nodes[0] ?? {}, { sumSeconds: 500 }),
      'kubelet-disagrees',
    ],
    [
      'a kubelet that disagrees by less than half a second',
      ({ pods }) => {
        for (const node of pods.kubelet.nodes) node.sumSeconds += 0.3 * node.count;
      },
      'kubelet-disagrees',
    ],
    [
      'pods with a smaller MTU than their network carries',
      ({ environment }) => Object.assign(environment.nodes[0] ?? {}, { podMtu: 1440 }),
      'mtu-small',
    ],
    [
      'a failed cell',
      ({ network }) => Object.assign(network.samples[0] ?? {}, { result: { kind: 'failed', message: 'refused' } }),
      'cell-failed',
    ],
    [
      'goodput no link carries',
      ({ network }) => {
        const sample = network.samples.find(({ path, test }) => path === 'host' && test === 'tcp');
        Object.assign(sample?.result ?? {}, { bitsPerSecond: 11e9 });
      },
      'above-link-rate',
    ],
    [
      'what the measuring part found',
      ({ findings }) => findings.push({ severity: 'warning', code: 'dns-slow', message: 'x', hint: 'y' }),
      'dns-slow',
    ],
    [
      'rounds that disagree',
      ({ api }) => {
        for (const sample of api.samples) if (sample.round === 3 && sample.done !== null) sample.done += 20;
      },
      'rounds-vary',
    ],
    [
      'a first round that was still warming up',
      ({ pods }) => {
        for (const { round, load, at } of pods.samples)
          if (round === 1 && load === 'paced') at.running = (at.running ?? 0) + 150;
      },
      'first-round-differs',
    ],
  ])('%s', async (_name, change, code) => {
    const record = await syntheticRun();
    change(record);
    expect(warningsOf(record)).toContain(code);
  });

  test('around the ring, rounds that differ are pairs that differ', async () => {
    const codes = warningsOf(await syntheticRun({ slowNode: { node: 's6', factor: 0.6 } }));
    expect(codes).toEqual(['pairs-vary']);
  });
});
