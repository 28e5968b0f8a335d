import type { Analysis } from '../../analysis/analyse.js';
import type { Cell } from '../../analysis/cells.js';
import type { MetricUnit } from '../../analysis/metrics.js';
import type { PairValue } from '../../analysis/pair-matrix.js';
import { PATH_TITLES, TEST_TITLES } from '../../analysis/titles.js';
import { medianOf } from '../../stats/quantile.js';
import { CV_LIMIT } from '../../stats/variation.js';
import { coverageText, intervalText, latencyText, metricText, quantileText } from '../figures.js';
import type { ReportTable } from './table.js';

export function networkTable({ cells, counted }: Analysis): ReportTable {
  const covered = cells.flatMap(({ interval }) => interval ?? [])[0];
  return {
    title: 'Network',
    note: `median of ${counted.length === 1 ? 'one round' : `${counted.length} rounds`}, goodput at the receiver${covered === undefined ? '' : `; interval covers ${coverageText(covered)}`}`,
    columns: ['path', 'test', 'median', 'interval', 'CV', 'of link'],
    rows: cells.map((cell) => [
      PATH_TITLES[cell.path],
      TEST_TITLES[cell.test],
      cellText(cell),
      intervalText(cell.interval, cellUnit(cell)),
      variationText(cell.variation),
      linkText(cell),
    ]),
  };
}

function cellUnit({ test }: Cell): 'ms' | 'bit/s' {
  return test === 'round-trip' ? 'ms' : 'bit/s';
}

function cellText(cell: Cell): string {
  return cell.failures.length > 0 && cell.median === 0 ? 'failed' : metricText(cell.median, cellUnit(cell));
}

/** `4.2 %`, with a mark where rounds vary more than they should. */
function variationText(variation: number | undefined): string {
  if (variation === undefined) return '–';
  return `${(variation * 100).toFixed(1)} %${variation > CV_LIMIT ? ' !' : ''}`;
}

function linkText({ median, limit, aboveLimit }: Cell): string {
  return limit === undefined ? '–' : `${Math.round((median / limit) * 100)} %${aboveLimit ? ' !' : ''}`;
}

export function efficiencyTable({ efficiencies }: Analysis): ReportTable {
  return {
    title: 'Efficiency',
    note: 'what pods keep of the host’s goodput, same pair, same round',
    columns: ['path', 'test', 'median', 'interval'],
    rows: efficiencies.map(({ path, test, median, interval }) => [
      PATH_TITLES[path],
      TEST_TITLES[test],
      metricText(median, 'share'),
      intervalText(interval, 'share'),
    ]),
  };
}

export function roundTripTable({ roundTrips }: Analysis): ReportTable {
  return {
    title: 'Round trips',
    note: 'without load, all rounds and pairs',
    columns: ['path', 'p50', 'p90', 'p95', 'p99', 'lost', 'by'],
    rows: roundTrips.map(({ path, method, samples, lost, quantiles }) => [
      PATH_TITLES[path],
      ...quantiles.map(quantileText),
      `${lost} of ${samples}`,
      method,
    ]),
  };
}

/** UDP's loss and jitter and TCP's retransmits: medians of rounds. */
export function lossTable({ record, counted, cells }: Analysis): ReportTable {
  const udp = cells.filter(({ test }) => test === 'udp');
  const samplesOf = (path: string) =>
    record.network.samples.filter((sample) => sample.path === path && counted.includes(sample.round));
  const rows = udp.map(({ path }) => {
    const results = samplesOf(path).map(({ result }) => result);
    const datagrams = results.flatMap((result) => (result.kind === 'udp' ? [result] : []));
    const loss = medianOf(datagrams.map(({ lost, datagrams: sent }) => (sent === 0 ? 1 : lost / sent)));
    const retransmits = results.flatMap((result) =>
      result.kind === 'tcp' && result.streams === 1 && !result.reverse ? (result.retransmits ?? []) : [],
    );
    return [
      PATH_TITLES[path],
      metricText(loss, 'share'),
      latencyText(medianOf(datagrams.map(({ jitterMs }) => jitterMs))),
      retransmits.length === 0 ? '–' : String(Math.round(medianOf(retransmits))),
    ];
  });
  return {
    title: 'Loss',
    note: 'retransmits of one TCP stream vary too much to be judged by',
    columns: ['path', 'UDP loss', 'UDP jitter', 'TCP retransmits'],
    rows,
  };
}

export interface MatrixTableOptions {
  pairs: readonly PairValue[];
  nodes: readonly string[];
  unit: MetricUnit;
  title: string;
}

export function matrixTable({ pairs, nodes, unit, title }: MatrixTableOptions): ReportTable {
  const figureOf = (from: string, to: string): string => {
    const pair = pairs.find((each) => each.from === from && each.to === to);
    return pair === undefined ? '–' : metricText(pair.value, unit);
  };
  return {
    title,
    note: 'rows from, columns to',
    columns: ['', ...nodes],
    rows: nodes.map((from) => [from, ...nodes.map((to) => figureOf(from, to))]),
  };
}
