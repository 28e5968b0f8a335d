import type { Analysis } from '../analysis/analyse.js';
import { cellValue } from '../analysis/cells.js';
import { startupMs } from '../analysis/pod-startup.js';
import { apiLatencyMs, dnsLatencyMs } from '../analysis/requests.js';

const COLUMNS = ['run', 'round', 'counted', 'kind', 'cell', 'from', 'to', 'sample', 'metric', 'unit', 'value'] as const;
type Row = Record<Exclude<(typeof COLUMNS)[number], 'run' | 'counted'>, string | number>;

/**
 * Every raw sample as one line of a tidy table, and the per-round metrics as kind `metric`. Infinite values, of what
 * never happened, are `Infinity`, which R and pandas read as a number.
 */
export function csvReport(analysis: Analysis): string {
  const { record, counted, metrics } = analysis;
  const rows = [...podRows(analysis), ...networkRows(analysis), ...requestRows(analysis)];
  const figures = metrics.flatMap(({ id, unit, values }) =>
    values.map(
      ({ round, value }): Row => ({ ...NOWHERE, round, kind: 'metric', cell: id, metric: 'value', unit, value }),
    ),
  );
  const lines = [...rows, ...figures].map((row) => {
    const whole = { run: record.id, counted: String(counted.includes(Number(row.round))), ...row };
    return COLUMNS.map((column) => quoted(String(whole[column]))).join(',');
  });
  return `${[COLUMNS.join(','), ...lines].join('\n')}\n`;
}

const NOWHERE = { from: '', to: '', sample: '' };

function podRows({ record }: Analysis): Row[] {
  return record.pods.samples.flatMap((pod) =>
    record.pods.stages.map((stage) => ({
      ...NOWHERE,
      round: pod.round,
      kind: 'pod',
      cell: pod.load,
      to: pod.node ?? '',
      sample: pod.name,
      metric: stage,
      unit: 'ms',
      value: startupMs(pod, stage),
    })),
  );
}

function networkRows({ record }: Analysis): Row[] {
  return record.network.samples.flatMap((sample): Row[] => {
    const { round, path, test, from, to, result } = sample;
    const cell = { ...NOWHERE, round, kind: 'network', cell: `${path}/${test}`, from, to };
    if (result.kind === 'round-trip')
      return result.samplesMs.map((value, index) => ({
        ...cell,
        sample: index,
        metric: 'round-trip',
        unit: 'ms',
        value,
      }));
    const rate = { ...cell, metric: 'goodput', unit: 'bit/s', value: cellValue(sample) };
    if (result.kind === 'tcp')
      return [rate, { ...cell, metric: 'retransmits', unit: '', value: result.retransmits ?? '' }];
    if (result.kind === 'failed') return [rate];
    return [
      rate,
      { ...cell, metric: 'lost', unit: 'datagrams', value: result.lost },
      { ...cell, metric: 'sent', unit: 'datagrams', value: result.datagrams },
      { ...cell, metric: 'jitter', unit: 'ms', value: result.jitterMs },
    ];
  });
}

function requestRows({ record }: Analysis): Row[] {
  const latency = { metric: 'latency', unit: 'ms' };
  return [
    ...record.api.samples.map((sample, index) => ({
      ...NOWHERE,
      ...latency,
      round: sample.round,
      kind: 'api',
      cell: sample.request,
      to: sample.target,
      sample: index,
      value: apiLatencyMs(sample),
    })),
    ...record.dns.samples.map((sample, index) => ({
      ...NOWHERE,
      ...latency,
      round: sample.round,
      kind: 'dns',
      cell: sample.name,
      from: sample.node,
      to: sample.nameserver,
      sample: index,
      value: dnsLatencyMs(sample),
    })),
  ];
}

/** RFC 4180. */
function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
