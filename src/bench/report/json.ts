import type { Analysis } from '../analysis/analyse.js';
import { medianInterval, type QuantileEstimate } from '../stats/interval.js';
import { medianOf } from '../stats/quantile.js';
import { coefficientOfVariation } from '../stats/variation.js';

const SUMMARY_FORMAT = 'k8s-diskless-bench-summary';
const SUMMARY_SCHEMA = 1;

/** The figures of a run for programs: quantiles, metrics per round, objectives, warnings. Raw samples are in run.json. */
export function jsonReport(analysis: Analysis): string {
  const { record, rounds, startup, api, dns, slos, metrics, warnings } = analysis;
  return jsonText({
    format: SUMMARY_FORMAT,
    schema: SUMMARY_SCHEMA,
    run: {
      id: record.id,
      startedAt: record.startedAt,
      preset: record.preset.name,
      overrides: record.preset.overrides,
      kubernetes: record.environment.cluster.kubernetes,
      nodes: record.environment.nodes.map(({ name }) => name),
      fingerprint: record.fingerprint.hash,
    },
    void: analysis.void,
    rounds,
    podStartupMs: startup.stages.map(({ stage, quantiles }) => ({ stage, quantiles: quantiles.map(quantileFigure) })),
    podsNeverStarted: startup.never,
    apiLatencyMs: api.map(({ request, quantiles, failed }) => ({
      request,
      failed,
      quantiles: quantiles.map(quantileFigure),
    })),
    dnsLatencyMs: dns === undefined ? null : { failed: dns.failed, quantiles: dns.quantiles.map(quantileFigure) },
    slos: slos.map(({ name, limitMs, p99, verdict }) => ({ name, limitMs, p99: quantileFigure(p99), verdict })),
    metrics: metrics.map(({ values, ...metric }) => {
      const figures = values.map(({ value }) => value);
      const spread = { interval: medianInterval(figures) ?? null, variation: coefficientOfVariation(figures) ?? null };
      return { ...metric, values, median: medianOf(figures), ...spread };
    }),
    warnings,
  });
}

function quantileFigure({ q, samples, value, atLeast, interval }: QuantileEstimate) {
  return { q, samples, value: value ?? null, atLeast, interval };
}

/** JSON has no infinity, and null would be taken for missing: infinite figures are the texts Infinity and -Infinity. */
export function jsonText(value: unknown): string {
  const finite = (_key: string, each: unknown): unknown =>
    typeof each === 'number' && !Number.isFinite(each) ? String(each) : each;
  return `${JSON.stringify(value, finite, 2)}\n`;
}
