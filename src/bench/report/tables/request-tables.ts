import type { Analysis } from '../../analysis/analyse.js';
import { REQUEST_TITLES } from '../../analysis/titles.js';
import { medianOf } from '../../stats/quantile.js';
import { latencyText, quantileText } from '../figures.js';
import type { ReportTable } from './table.js';

export function latencyTable({ record, api, dns, etcd }: Analysis): ReportTable {
  const requests = api.map(({ request, quantiles, failed, sorted }) => [
    `API ${REQUEST_TITLES[request]}`,
    ...quantiles.map(quantileText),
    `${failed} of ${sorted.length}`,
  ]);
  const lookups =
    dns === undefined
      ? []
      : [['DNS lookup', ...dns.quantiles.map(quantileText), `${dns.failed} of ${dns.sorted.length}`]];
  return {
    title: 'API, DNS, etcd',
    note: `from the intended moment; of etcd, with its data on ${record.etcd.filesystem}, the median of the rounds’ means`,
    columns: ['', 'p50', 'p90', 'p95', 'p99', 'failed'],
    rows: [
      ...requests,
      ...lookups,
      ...etcdRow('fsync of the WAL', etcd.walFsync),
      ...etcdRow('commit', etcd.backendCommit),
    ],
  };
}

function etcdRow(what: string, values: readonly { value: number }[]): string[][] {
  if (values.length === 0) return [];
  return [[`etcd ${what} (mean)`, latencyText(medianOf(values.map(({ value }) => value))), '', '', '', '']];
}

export function sloTable({ slos }: Analysis): ReportTable {
  return {
    title: 'Service level objectives',
    note: 'of Kubernetes SIG Scalability, on the 99th percentile',
    columns: ['', 'limit', 'p99', 'verdict'],
    rows: slos.map(({ name, limitMs, p99, verdict }) => [
      name,
      latencyText(limitMs),
      quantileText(p99),
      `${VERDICT_MARKS[verdict]} ${verdict}`,
    ]),
  };
}

const VERDICT_MARKS = { met: '✓', missed: '✕', 'cannot tell': '?' } as const;
