import type { Analysis } from '../analysis/analyse.js';
import type { Cell } from '../analysis/cells.js';
import { API_SLO_MS } from '../analysis/slo.js';
import { PATH_TITLES, REQUEST_TITLES, STAGE_TITLES, TEST_TITLES } from '../analysis/titles.js';
import { medianInterval, type QuantileEstimate } from '../stats/interval.js';
import { medianOf } from '../stats/quantile.js';
import { CV_LIMIT } from '../stats/variation.js';
import { intervalText, latencyText, metricText, quantileText } from './figures.js';

/** A table every text view draws in its own way. The first column names the row, the others are figures. */
export interface ReportTable {
  title: string;
  /** What must be known to read it; empty when nothing must. */
  note: string;
  columns: string[];
  rows: string[][];
}

/** Tables with rows only: what was not measured is not shown as empty. */
export function reportTables(analysis: Analysis): ReportTable[] {
  const tables = [startupTable(analysis), burstTable(analysis), networkTable(analysis), efficiencyTable(analysis)];
  return [...tables, latencyTable(analysis), sloTable(analysis)].filter(({ rows }) => rows.length > 0);
}

const quantileColumns = (quantiles: readonly QuantileEstimate[]): string[] => quantiles.map(quantileText);

function startupTable({ record, startup }: Analysis): ReportTable {
  const { rate } = record.preset.values.pods;
  const pods = startup.stages[0]?.sorted.length ?? 0;
  return {
    title: 'Pod startup',
    note: `${pods} pods at ${rate} per second, from the intended moment; ≥: too few samples for a limit from above`,
    columns: ['stage', 'p50', 'p90', 'p95', 'p99'],
    rows: startup.stages.map(({ stage, quantiles }) => [STAGE_TITLES[stage], ...quantileColumns(quantiles)]),
  };
}

function burstTable({ record, startup }: Analysis): ReportTable {
  const { burstMakespan, burstRate, cold } = startup;
  const perNode = record.preset.values.pods.burstPerNode;
  const makespans = burstMakespan.map(({ value }) => value);
  const rates = burstRate.map(({ value }) => value);
  return {
    title: 'Burst and first pods',
    note: '',
    columns: ['', 'median', 'interval'],
    rows: [
      ...(makespans.length === 0
        ? []
        : [
            row(`${perNode} pods per node at once, all running`, makespans, 'ms'),
            row('pods started per second', rates, 'pods/s'),
          ]),
      ...cold.map(({ node, ms }) => [`first pod of ${node}`, latencyText(ms), '–']),
    ],
  };
}

function row(name: string, values: readonly number[], unit: 'ms' | 'pods/s'): string[] {
  return [name, metricText(medianOf(values), unit), intervalText(medianInterval(values), unit)];
}

function networkTable({ cells, counted }: Analysis): ReportTable {
  return {
    title: 'Network',
    note: `median of ${counted.length} rounds; goodput at the receiver`,
    columns: ['path', 'test', 'median', 'interval', 'CV', 'of link'],
    rows: cells.map((cell) => [
      PATH_TITLES[cell.path],
      TEST_TITLES[cell.test],
      cellText(cell),
      intervalText(cell.interval, cellUnit(cell)),
      variationText(cell.variation),
      cell.limit === undefined
        ? '–'
        : `${Math.round((cell.median / cell.limit) * 100)} %${cell.aboveLimit ? ' !' : ''}`,
    ]),
  };
}

export function cellUnit({ test }: Pick<Cell, 'test'>): 'ms' | 'bit/s' {
  return test === 'round-trip' ? 'ms' : 'bit/s';
}

export function cellText(cell: Cell): string {
  return cell.failures.length > 0 && cell.median === 0 ? 'failed' : metricText(cell.median, cellUnit(cell));
}

/** `4.2 %`, with a mark where rounds vary more than they should. */
export function variationText(variation: number | undefined): string {
  if (variation === undefined) return '–';
  return `${(variation * 100).toFixed(1)} %${variation > CV_LIMIT ? ' !' : ''}`;
}

function efficiencyTable({ efficiencies }: Analysis): ReportTable {
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

function latencyTable({ record, api, dns, etcd }: Analysis): ReportTable {
  const mean = (values: readonly { value: number }[]): string =>
    latencyText(medianOf(values.map(({ value }) => value)));
  return {
    title: 'API, DNS, etcd',
    note: `requests from their intended moment; etcd's data on ${record.etcd.filesystem}: means, median of rounds`,
    columns: ['', 'p50', 'p90', 'p95', 'p99', 'failed'],
    rows: [
      ...api.map(({ request, quantiles, failed }) => [
        `API ${REQUEST_TITLES[request]}`,
        ...quantileColumns(quantiles),
        String(failed),
      ]),
      ...(dns === undefined ? [] : [['DNS lookup', ...quantileColumns(dns.quantiles), String(dns.failed)]]),
      ...(etcd.walFsync.length === 0 ? [] : [['etcd WAL fsync (mean)', mean(etcd.walFsync), '', '', '', '']]),
      ...(etcd.backendCommit.length === 0 ? [] : [['etcd commit (mean)', mean(etcd.backendCommit), '', '', '', '']]),
    ],
  };
}

function sloTable({ slos }: Analysis): ReportTable {
  return {
    title: 'Service level objectives',
    note: 'of SIG Scalability, on the 99th percentile',
    columns: ['', 'limit', 'p99', 'verdict'],
    rows: slos.map(({ name, limitMs, p99, verdict }) => [name, latencyText(limitMs), quantileText(p99), verdict]),
  };
}

/** Whether a request kind has an objective, for views that mark it. */
export function objectiveOf(request: keyof typeof API_SLO_MS): number | undefined {
  return API_SLO_MS[request];
}
