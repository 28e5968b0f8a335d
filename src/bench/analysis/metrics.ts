import type { RunRecord } from '../record/record-schema.js';
import { PATHS } from '../record/terms.js';
import type { EffectScale } from '../stats/hodges-lehmann.js';
import { type Cell, cells, udpLoss } from './cells.js';
import { efficiencies } from './efficiency.js';
import { podStartup } from './pod-startup.js';
import { apiLatencies, dnsLatencies, etcdLatencies } from './requests.js';
import { countedRounds, type RoundValue } from './rounds.js';
import { PATH_TITLES, TEST_TITLES } from './titles.js';

/** Decides which margin counts as no difference. */
export type MetricKind = 'latency' | 'throughput' | 'share';
export type MetricUnit = 'ms' | 'bit/s' | 'pods/s' | 'share';

/** A figure of which every counted round has one, and which two runs may be compared by. */
export interface Metric {
  /** Dotted and stable, e.g. `pods.running.p50`, `efficiency.pod.tcp`; metric-ids.ts lists all. */
  id: string;
  title: string;
  kind: MetricKind;
  unit: MetricUnit;
  better: 'lower' | 'higher';
  scale: EffectScale;
  values: RoundValue[];
}

const LATENCY = { kind: 'latency', unit: 'ms', better: 'lower', scale: 'ratio' } as const;
const THROUGHPUT = { kind: 'throughput', better: 'higher', scale: 'ratio' } as const;
const LOSS = { kind: 'share', unit: 'share', better: 'lower', scale: 'difference' } as const;

/** Everything of a run that has a figure per round. */
export function metricsOf(record: RunRecord): Metric[] {
  const rounds = countedRounds(record);
  const metrics = [
    ...podMetrics(record, rounds),
    ...efficiencyMetrics(record, rounds),
    ...networkMetrics(record, rounds),
    ...requestMetrics(record, rounds),
  ];
  return metrics.filter(({ values }) => values.length > 0);
}

function podMetrics(record: RunRecord, rounds: readonly number[]): Metric[] {
  const { median, p95, readyMedian, burstMakespan, burstRate } = podStartup(record, rounds);
  return [
    { id: 'pods.running.p50', title: 'Pod startup, median', ...LATENCY, values: median },
    { id: 'pods.running.p95', title: 'Pod startup, p95', ...LATENCY, values: p95 },
    { id: 'pods.ready.p50', title: 'Pod ready, median', ...LATENCY, values: readyMedian },
    { id: 'pods.burst.makespan', title: 'Burst, all running', ...LATENCY, values: burstMakespan },
    { id: 'pods.burst.rate', title: 'Burst, pods per second', unit: 'pods/s', ...THROUGHPUT, values: burstRate },
  ];
}

function efficiencyMetrics(record: RunRecord, rounds: readonly number[]): Metric[] {
  return efficiencies(record, rounds).map(({ path, test, values }) => ({
    id: `efficiency.${path}.${test}`,
    title: `Efficiency ${PATH_TITLES[path]}, ${TEST_TITLES[test]}`,
    unit: 'share',
    ...THROUGHPUT,
    values,
  }));
}

function networkMetrics(record: RunRecord, rounds: readonly number[]): Metric[] {
  const measured = cells(record, rounds);
  return PATHS.flatMap((path) => [
    ...measured.filter((cell) => cell.path === path).map(cellMetric),
    {
      id: `network.${path}.udp-loss`,
      title: `${PATH_TITLES[path]}, UDP loss`,
      ...LOSS,
      values: udpLoss(record, rounds, path),
    },
  ]);
}

function cellMetric({ path, test, values }: Cell): Metric {
  const named = { id: `network.${path}.${test}`, title: `${PATH_TITLES[path]}, ${TEST_TITLES[test]}`, values };
  return test === 'round-trip' ? { ...named, ...LATENCY } : { ...named, unit: 'bit/s', ...THROUGHPUT };
}

function requestMetrics(record: RunRecord, rounds: readonly number[]): Metric[] {
  const { walFsync, backendCommit } = etcdLatencies(record, rounds);
  const requests = apiLatencies(record, rounds).map(({ request, median }) => ({
    id: `api.${request}.p50`,
    title: `API ${request}, median`,
    ...LATENCY,
    values: median,
  }));
  return [
    ...requests,
    { id: 'dns.p50', title: 'DNS lookup, median', ...LATENCY, values: dnsLatencies(record, rounds)?.median ?? [] },
    { id: 'etcd.wal-fsync', title: 'etcd WAL fsync, mean', ...LATENCY, values: walFsync },
    { id: 'etcd.commit', title: 'etcd backend commit, mean', ...LATENCY, values: backendCommit },
  ];
}
