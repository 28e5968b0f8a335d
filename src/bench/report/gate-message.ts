import type { Evidence, GateCheck } from '../verdict/gate.js';
import { changeText, metricText } from './figures.js';

const MISSING = {
  run: 'not measured in this run',
  'run, unlike its baseline': 'the baseline has it, and this run does not',
  baseline: 'the baseline does not have it',
} as const;

/** What a check found, in one line. */
export function gateMessage({ evidence }: Pick<GateCheck, 'evidence'>): string {
  switch (evidence.kind) {
    case 'never started':
      return `${evidence.count}, allowed ${evidence.limit}`;
    case 'objective':
      return objectiveText(evidence.slo);
    case 'limit':
      return limitText(evidence);
    case 'comparison':
      return comparisonText(evidence.compared);
    case 'missing':
      return MISSING[evidence.from];
  }
}

function objectiveText({ p99, limitMs }: Extract<Evidence, { kind: 'objective' }>['slo']): string {
  const told = p99.value === undefined ? `not bounded by ${p99.samples} samples` : metricText(p99.value, 'ms');
  return `p99 ${told}, limit ${metricText(limitMs, 'ms')}`;
}

function limitText({ median, unit, side, limit, measured, rounds }: Extract<Evidence, { kind: 'limit' }>): string {
  const told = `${metricText(median, unit)}, must be ${side} ${metricText(limit, unit)}`;
  return measured === rounds ? told : `${told}, measured in ${measured} of ${rounds} rounds`;
}

function comparisonText(compared: Extract<Evidence, { kind: 'comparison' }>['compared']): string {
  const { metric, verdict, ground, effect, medianA, medianB } = compared;
  return [
    `${verdict}: ${metricText(medianA, metric.unit)} → ${metricText(medianB, metric.unit)}`,
    changeText(effect, metric.scale),
    ...(ground === 'settled' ? [] : [ground]),
  ].join(', ');
}
