import type { RunRecord } from '../record/record-schema.js';
import type { ApiSample, DnsSample } from '../record/requests-schema.js';
import { API_REQUESTS, type ApiRequest } from '../record/terms.js';
import { estimateQuantile, type QuantileEstimate } from '../stats/interval.js';
import { ascending, quantileOf } from '../stats/quantile.js';
import { QUANTILES } from './pod-startup.js';
import { perRound, type RoundValue } from './rounds.js';

/** From the intended moment; Infinity without a good answer: a server that refuses at once is not a fast one. */
export function apiLatencyMs({ intended, done, status, failure }: ApiSample): number {
  const good = done !== null && failure === null && status !== null && status >= 200 && status < 300;
  return good ? done - intended : Number.POSITIVE_INFINITY;
}

export function dnsLatencyMs({ latencyMs, failure }: DnsSample): number {
  return latencyMs === null || failure !== null ? Number.POSITIVE_INFINITY : latencyMs;
}

export interface LatencySummary {
  /** Ascending; Infinity for what was never answered. */
  sorted: number[];
  quantiles: QuantileEstimate[];
  failed: number;
  /** Per counted round. */
  median: RoundValue[];
}

export interface ApiSummary extends LatencySummary {
  request: ApiRequest;
}

export function apiLatencies(record: RunRecord, rounds: readonly number[]): ApiSummary[] {
  return API_REQUESTS.flatMap((request) => {
    const samples = record.api.samples.filter((sample) => sample.request === request);
    const summary = summarised(samples, rounds, apiLatencyMs);
    return summary === undefined ? [] : [{ request, ...summary }];
  });
}

export function dnsLatencies(record: RunRecord, rounds: readonly number[]): LatencySummary | undefined {
  return summarised(record.dns.samples, rounds, dnsLatencyMs);
}

function summarised<T extends { round: number }>(
  samples: readonly T[],
  rounds: readonly number[],
  latency: (sample: T) => number,
): LatencySummary | undefined {
  const sorted = ascending(samples.filter(({ round }) => rounds.includes(round)).map(latency));
  if (sorted.length === 0) return undefined;
  return {
    sorted,
    quantiles: QUANTILES.map((q) => estimateQuantile(sorted, q)),
    failed: sorted.filter((ms) => ms === Number.POSITIVE_INFINITY).length,
    median: perRound(samples, rounds, (round) => quantileOf(ascending(round.map(latency)), 0.5)),
  };
}

export interface EtcdSummary {
  /** Mean milliseconds per counted round, over all members. */
  walFsync: RoundValue[];
  backendCommit: RoundValue[];
}

export function etcdLatencies(record: RunRecord, rounds: readonly number[]): EtcdSummary {
  const mean = (histogram: 'walFsync' | 'backendCommit'): RoundValue[] =>
    perRound(record.etcd.samples, rounds, (samples) => {
      const count = samples.reduce((sum, sample) => sum + sample[histogram].count, 0);
      const seconds = samples.reduce((sum, sample) => sum + sample[histogram].sumSeconds, 0);
      return (seconds / count) * 1000;
    }).filter(({ value }) => Number.isFinite(value));
  return { walFsync: mean('walFsync'), backendCommit: mean('backendCommit') };
}
