import type { Analysis } from '../../analysis/analyse.js';
import { API_SLO_MS } from '../../analysis/slo.js';
import { REQUEST_TITLES } from '../../analysis/titles.js';
import { medianOf } from '../../stats/quantile.js';
import { latencyText } from '../figures.js';
import { type LatencyRange, latencyRanges } from '../svg/latency-ranges.js';
import { bothSizes } from '../svg/size.js';
import { latencyTable, sloTable } from '../tables/request-tables.js';
import { figure, htmlTable, paragraph, section } from './parts.js';

export function requestsSection(analysis: Analysis): string {
  const ranges = rangesOf(analysis);
  const objectives = sloTable(analysis);
  const unavailable = (['api', 'dns', 'etcd'] as const).flatMap((part) => {
    const reason = analysis.record[part].unavailable;
    return reason === null
      ? []
      : [paragraph(`${part === 'etcd' ? part : part.toUpperCase()} not measured: ${reason}.`, 'aside')];
  });
  return section({
    id: 'requests',
    title: 'API, DNS, etcd',
    body: [
      ...(ranges.length === 0 ? [] : [rangesFigure(analysis, ranges)]),
      etcdSentence(analysis),
      ...unavailable,
      ...(objectives.rows.length === 0 ? [] : [htmlTable(objectives)]),
    ],
  });
}

function rangesOf({ api, dns }: Analysis): LatencyRange[] {
  return [
    ...api.map(({ request, sorted, quantiles }) => ({
      name: REQUEST_TITLES[request],
      sorted,
      quantiles,
      objectiveMs: API_SLO_MS[request],
    })),
    ...(dns === undefined ? [] : [{ name: 'DNS lookup', ...dns, objectiveMs: undefined }]),
  ].filter(({ sorted }) => Number.isFinite(sorted[0]));
}

function rangesFigure(analysis: Analysis, ranges: readonly LatencyRange[]): string {
  return figure({
    title: 'Latency of requests.',
    caption:
      'From the moment each request was due, so that a stall is not hidden by waiting for it. Large dots are medians, small ones p90, p95 and p99; hollow: at least that. The dashed marks are the objectives.',
    drawing: bothSizes((size) => latencyRanges(ranges, size)),
    table: latencyTable(analysis),
  });
}

function etcdSentence({ etcd, record }: Analysis): string {
  if (etcd.walFsync.length === 0) return '';
  const mean = (values: readonly { value: number }[]): string =>
    latencyText(medianOf(values.map(({ value }) => value)));
  const filesystem = record.etcd.filesystem;
  const honest =
    filesystem === 'tmpfs'
      ? ' Its data lies on tmpfs, where fsync costs nothing and keeps nothing.'
      : ` Its data lies on ${filesystem}.`;
  const commit = etcd.backendCommit.length === 0 ? '' : ` and a backend commit ${mean(etcd.backendCommit)}`;
  return paragraph(`In etcd a WAL fsync takes ${mean(etcd.walFsync)} on average${commit}.${honest}`, 'aside');
}
