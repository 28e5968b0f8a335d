import type { Analysis } from '../../analysis/analyse.js';
import { STAGE_TITLES } from '../../analysis/titles.js';
import { medianInterval } from '../../stats/interval.js';
import { medianOf } from '../../stats/quantile.js';
import { coverageText, intervalText, latencyText, metricText, quantileText } from '../figures.js';
import type { ReportTable } from './table.js';

export function startupTable({ record, startup }: Analysis): ReportTable {
  const { rate } = record.preset.values.pods;
  const pods = startup.stages[0]?.sorted.length ?? 0;
  return {
    title: 'Pod startup',
    note: `${pods} pods at ${rate} per second, from the intended moment`,
    columns: ['stage', 'p50', 'p90', 'p95', 'p99'],
    rows: startup.stages.map(({ stage, quantiles }) => [STAGE_TITLES[stage], ...quantiles.map(quantileText)]),
  };
}

export function burstTable({ record, startup }: Analysis): ReportTable {
  const { burstMakespan, burstRate, cold } = startup;
  const perNode = record.preset.values.pods.burstPerNode;
  const makespans = burstMakespan.map(({ value }) => value);
  const rates = burstRate.map(({ value }) => value);
  const interval = medianInterval(makespans);
  const bursts = [
    row(`${perNode} pods per node at once, until all run`, makespans, 'ms'),
    row('Pods started per second', rates, 'pods/s'),
  ];
  return {
    title: 'Bursts and first pods',
    note: interval === undefined ? '' : `interval covers ${coverageText(interval)}`,
    columns: ['', 'median', 'interval'],
    rows: [...(makespans.length === 0 ? [] : bursts), ...firstPods(cold)],
  };
}

/** Of a large cluster only the spread and the slowest node. */
const MOST_FIRST_PODS = 6;

function firstPods(cold: Analysis['startup']['cold']): string[][] {
  if (cold.length <= MOST_FIRST_PODS) return cold.map(({ node, ms }) => [`First pod of ${node}`, latencyText(ms), '–']);
  const sorted = cold.toSorted((a, b) => a.ms - b.ms || 0);
  const [fastest, slowest] = [sorted[0]?.ms ?? 0, sorted.at(-1)?.ms ?? 0];
  const range = { low: fastest, high: slowest, coverage: 1 };
  const median = latencyText(medianOf(cold.map(({ ms }) => ms)));
  return [
    [`First pods of ${cold.length} nodes, from fastest to slowest`, median, intervalText(range, 'ms')],
    [`Slowest first pod, of ${sorted.at(-1)?.node}`, latencyText(slowest), '–'],
  ];
}

function row(name: string, values: readonly number[], unit: 'ms' | 'pods/s'): string[] {
  return [name, metricText(medianOf(values), unit), intervalText(medianInterval(values), unit)];
}

/** When nothing starts, the first of them tell why. */
const MOST_NEVER_STARTED = 20;

export function neverStartedTable({ startup: { never } }: Analysis): ReportTable {
  const more = never.length - MOST_NEVER_STARTED;
  return {
    title: 'Pods that never started',
    note: `each counts as infinite${more > 0 ? `; ${more} more are in the CSV` : ''}`,
    columns: ['pod', 'round', 'node', 'why'],
    rows: never
      .slice(0, MOST_NEVER_STARTED)
      .map(({ name, round, node, reason }) => [name, String(round), node ?? 'none', reason]),
  };
}
