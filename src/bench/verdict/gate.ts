import type { Analysis } from '../analysis/analyse.js';
import type { Metric } from '../analysis/metrics.js';
import type { Slo } from '../analysis/slo.js';
import { medianOf } from '../stats/quantile.js';
import type { ComparedMetric, Comparison } from './compare.js';
import type { VerdictSettings } from './verdict-settings.js';

export type LimitSide = 'at least' | 'at most';

/** What a check looked at; how it is told is the report's. */
export type Evidence =
  | { kind: 'never started'; count: number; limit: number }
  | { kind: 'objective'; slo: Slo }
  | {
      kind: 'limit';
      side: LimitSide;
      limit: number;
      median: number;
      unit: Metric['unit'];
      /** Counted rounds of the run, and those that have this figure. */
      rounds: number;
      measured: number;
    }
  | { kind: 'comparison'; compared: ComparedMetric }
  | { kind: 'missing'; from: 'run' | 'run, unlike its baseline' | 'baseline' };

export interface GateCheck {
  name: string;
  /** undefined: the samples do not tell, which stops nobody and is said. */
  passed: boolean | undefined;
  evidence: Evidence;
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
  return { name: 'pods never started', passed: count <= limit, evidence: { kind: 'never started', count, limit } };
}

function sloChecks({ slos }: Analysis): GateCheck[] {
  return slos.map((slo) => ({
    name: `SLO ${slo.name}`,
    passed: slo.verdict === 'cannot tell' ? undefined : slo.verdict === 'met',
    evidence: { kind: 'objective', slo },
  }));
}

/** A counted round without a figure is beyond every limit: what cannot be measured must not be what helps to pass. */
function limitChecks(
  { metrics, counted }: Analysis,
  limits: Readonly<Record<string, number>>,
  side: LimitSide,
): GateCheck[] {
  return Object.entries(limits).map(([id, limit]): GateCheck => {
    const metric = metrics.find((each) => each.id === id);
    if (metric === undefined) return { name: id, passed: false, evidence: { kind: 'missing', from: 'run' } };
    const figures = metric.values.map(({ value }) => value);
    const [rounds, measured] = [counted.length, figures.length];
    const beyond = side === 'at least' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    const judged = medianOf([...figures, ...new Array<number>(rounds - measured).fill(beyond)]);
    return {
      name: metric.title,
      passed: side === 'at least' ? judged >= limit : judged <= limit,
      evidence: { kind: 'limit', side, limit, median: medianOf(figures), unit: metric.unit, rounds, measured },
    };
  });
}

function regressionChecks({ compared }: Comparison): GateCheck[] {
  return compared
    .filter(({ headline }) => headline)
    .map((each) => ({
      name: each.metric.title,
      passed: each.verdict === 'cannot tell' ? undefined : each.verdict !== 'worse',
      evidence: { kind: 'comparison', compared: each },
    }));
}

/** A headline figure that only one run has: lost since the baseline, or new since then. */
function missingChecks({ onlyA, onlyB }: Comparison, headline: readonly string[]): GateCheck[] {
  const wanted = (ids: readonly string[]): string[] => ids.filter((id) => headline.includes(id));
  return [
    ...wanted(onlyA).map(
      (name): GateCheck => ({ name, passed: false, evidence: { kind: 'missing', from: 'run, unlike its baseline' } }),
    ),
    ...wanted(onlyB).map(
      (name): GateCheck => ({ name, passed: undefined, evidence: { kind: 'missing', from: 'baseline' } }),
    ),
  ];
}
