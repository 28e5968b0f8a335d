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
export function gateChecks(
  analysis: Analysis,
  comparison: Comparison,
  { gate, headline }: VerdictSettings,
): GateCheck[] {
  return [
    neverStarted(analysis, gate.neverStarted),
    ...(gate.slo ? sloChecks(analysis) : []),
    ...limitChecks(analysis, gate.atLeast, 'at least'),
    ...limitChecks(analysis, gate.atMost, 'at most'),
    ...regressionChecks(comparison),
    ...missingChecks(comparison, headline),
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

/** A counted round without a figure is beyond every limit: what cannot be measured must not be what helps to pass. */
function limitChecks(
  { metrics, counted }: Analysis,
  limits: Readonly<Record<string, number>>,
  side: 'at least' | 'at most',
): GateCheck[] {
  return Object.entries(limits).map(([id, limit]) => {
    const metric = metrics.find((each) => each.id === id);
    if (metric === undefined) return { name: id, passed: false, message: 'not measured in this run' };
    const figures = metric.values.map(({ value }) => value);
    const beyond = side === 'at least' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    const missing = new Array<number>(counted.length - figures.length).fill(beyond);
    const judged = medianOf([...figures, ...missing]);
    const message = [
      `${metricText(medianOf(figures), metric.unit)}, must be ${side} ${metricText(limit, metric.unit)}`,
      ...(missing.length === 0 ? [] : [`measured in ${figures.length} of ${counted.length} rounds`]),
    ].join(', ');
    return { name: metric.title, passed: side === 'at least' ? judged >= limit : judged <= limit, message };
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

/** A headline figure that only one run has: lost since the baseline, or new since then. */
function missingChecks({ onlyA, onlyB }: Comparison, headline: readonly string[]): GateCheck[] {
  const lost = onlyA.filter((id) => headline.includes(id));
  const added = onlyB.filter((id) => headline.includes(id));
  return [
    ...lost.map((name) => ({ name, passed: false, message: 'the baseline has it, and this run does not' })),
    ...added.map((name) => ({ name, passed: undefined, message: 'the baseline does not have it' })),
  ];
}
