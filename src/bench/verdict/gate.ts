import type { Analysis } from '../analysis/analyse.js';
import { changeText, metricText } from '../report/figures.js';
import { medianOf } from '../stats/quantile.js';
import type { Comparison } from './compare.js';
import type { VerdictSettings } from './verdict-settings.js';

export interface GateCheck {
  name: string;
  /** undefined: the samples do not tell, which stops nobody and is said. */
  passed: boolean | undefined;
  message: string;
}

/** Every check of a run against a baseline and against absolute limits. The gate fails when one of them does. */
export function gateChecks(analysis: Analysis, comparison: Comparison, { gate }: VerdictSettings): GateCheck[] {
  return [
    neverStarted(analysis, gate.neverStarted),
    ...(gate.slo ? sloChecks(analysis) : []),
    ...limitChecks(analysis, gate.atLeast, 'at least'),
    ...limitChecks(analysis, gate.atMost, 'at most'),
    ...regressionChecks(comparison),
  ];
}

function neverStarted({ startup }: Analysis, limit: number): GateCheck {
  const count = startup.never.length;
  return { name: 'pods never started', passed: count <= limit, message: `${count}, allowed ${limit}` };
}

function sloChecks({ slos }: Analysis): GateCheck[] {
  return slos.map(({ name, limitMs, p99, verdict }) => ({
    name: `SLO ${name}`,
    passed: verdict === 'cannot tell' ? undefined : verdict === 'met',
    message: `p99 ${p99.value === undefined ? `not bounded by ${p99.samples} samples` : metricText(p99.value, 'ms')}, limit ${metricText(limitMs, 'ms')}`,
  }));
}

function limitChecks(
  { metrics }: Analysis,
  limits: Readonly<Record<string, number>>,
  side: 'at least' | 'at most',
): GateCheck[] {
  return Object.entries(limits).map(([id, limit]) => {
    const metric = metrics.find((each) => each.id === id);
    if (metric === undefined) return { name: id, passed: undefined, message: 'not measured in this run' };
    const median = medianOf(metric.values.map(({ value }) => value));
    const message = `${metricText(median, metric.unit)}, must be ${side} ${metricText(limit, metric.unit)}`;
    return { name: metric.title, passed: side === 'at least' ? median >= limit : median <= limit, message };
  });
}

function regressionChecks({ compared }: Comparison): GateCheck[] {
  return compared
    .filter(({ headline }) => headline)
    .map(({ metric, verdict, ground, effect, medianA, medianB }) => ({
      name: metric.title,
      passed: verdict === 'cannot tell' ? undefined : verdict !== 'worse',
      message: [
        `${verdict}: ${metricText(medianA, metric.unit)} → ${metricText(medianB, metric.unit)}`,
        changeText(effect, metric.scale),
        ...(ground === 'settled' ? [] : [ground]),
      ].join(', '),
    }));
}
