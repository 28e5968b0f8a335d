import { type Metric, metricsOf } from '../analysis/metrics.js';
import type { RunRecord } from '../record/record-schema.js';
import { type Effect, hodgesLehmann } from '../stats/hodges-lehmann.js';
import { holmAdjusted } from '../stats/holm.js';
import { type MannWhitney, mannWhitney } from '../stats/mann-whitney.js';
import { medianOf } from '../stats/quantile.js';
import { type Ground, judge, type Verdict } from './judge.js';
import type { VerdictSettings } from './verdict-settings.js';

export interface ComparedMetric {
  metric: Omit<Metric, 'values'>;
  headline: boolean;
  /** One figure per counted round. */
  a: number[];
  b: number[];
  medianA: number;
  medianB: number;
  /** Of b against a. */
  effect: Effect;
  test: MannWhitney;
  adjustedP: number;
  margin: number;
  verdict: Verdict;
  ground: Ground;
}

export interface Comparison {
  compared: ComparedMetric[];
  /** Metrics that only one of the runs has. */
  onlyA: string[];
  onlyB: string[];
  /** Rounds a side at which differences of the headline metrics can be told at all… */
  roundsNeeded: number;
  /** …and whether these runs have so many. */
  carried: boolean;
}

export function compareRuns(a: RunRecord, b: RunRecord, settings: VerdictSettings): Comparison {
  const [ofA, ofB] = [metricsOf(a), metricsOf(b)];
  const pairs = ofA.flatMap((metric) => {
    const other = ofB.find(({ id }) => id === metric.id);
    return other === undefined ? [] : [measured(metric, other)];
  });
  const headline = pairs.filter(({ metric }) => settings.headline.includes(metric.id));
  const others = pairs.filter((pair) => !headline.includes(pair));
  return {
    compared: [...judgeFamily(headline, true, settings), ...judgeFamily(others, false, settings)],
    onlyA: without(ofA, ofB),
    onlyB: without(ofB, ofA),
    roundsNeeded: roundsNeeded(headline.length, settings.alpha),
    carried: headline.every(({ a, b }) => carries([a.length, b.length], headline.length, settings.alpha)),
  };
}

/** The fewest rounds a side at which so many comparisons can be significant at all, were the samples fully apart. */
export function roundsNeeded(comparisons: number, alpha: number): number {
  let rounds = 1;
  while (!carries([rounds, rounds], comparisons, alpha)) rounds += 1;
  return rounds;
}

/** Whether so many rounds of each side can prove a difference at all among so many comparisons. */
export function carries([m, n]: readonly [number, number], comparisons: number, alpha: number): boolean {
  return smallestP(m, n) * comparisons <= alpha;
}

/** The smallest two-sided p of m and n values without ties: 2 / C(m + n, n), and 1 when there are two ways only. */
function smallestP(m: number, n: number): number {
  let ways = 1;
  for (let k = 1; k <= n; k++) ways *= (m + k) / k;
  return Math.min(1, 2 / ways);
}

type Measured = Pick<ComparedMetric, 'metric' | 'a' | 'b' | 'effect' | 'test'>;

function measured({ values, ...metric }: Metric, other: Metric): Measured {
  const a = values.map(({ value }) => value);
  const b = other.values.map(({ value }) => value);
  return { metric, a, b, effect: hodgesLehmann(a, b, metric.scale), test: mannWhitney(a, b) };
}

function judgeFamily(family: readonly Measured[], headline: boolean, settings: VerdictSettings): ComparedMetric[] {
  const { alpha, margins } = settings;
  const adjusted = holmAdjusted(family.map(({ test }) => test.p));
  return family.map((each, index) => {
    const { effect, metric, test } = each;
    const adjustedP = adjusted[index] ?? 1;
    const margin = margins[metric.kind];
    const smallestAdjustedP = test.smallestP * family.length;
    const { scale, better } = metric;
    return {
      ...each,
      headline,
      medianA: medianOf(each.a),
      medianB: medianOf(each.b),
      adjustedP,
      margin,
      ...judge({ effect, scale, better, adjustedP, smallestAdjustedP, margin, alpha }),
    };
  });
}

function without(metrics: readonly Metric[], others: readonly Metric[]): string[] {
  return metrics.map(({ id }) => id).filter((id) => !others.some((other) => other.id === id));
}
