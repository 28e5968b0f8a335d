import { type ApiRequest, SLI_STAGE } from '../record/terms.js';
import { estimateQuantile, type QuantileEstimate } from '../stats/interval.js';
import type { PodStartup } from './pod-startup.js';
import type { ApiSummary } from './requests.js';
import { REQUEST_TITLES } from './titles.js';

export type SloVerdict = 'met' | 'missed' | 'cannot tell';

/** A service level objective on a 99th percentile. */
export interface Slo {
  name: string;
  limitMs: number;
  p99: QuantileEstimate;
  verdict: SloVerdict;
}

/** Kubernetes SIG Scalability, pod_startup_latency.md and slos.md, milliseconds. */
export const POD_STARTUP_SLO_MS = 5_000;
export const API_SLO_MS: Readonly<Partial<Record<ApiRequest, number>>> = {
  get: 1_000,
  create: 1_000,
  delete: 1_000,
  list: 5_000,
};

export function judgeSlos({ stages }: PodStartup, api: readonly ApiSummary[]): Slo[] {
  const sli = stages.find(({ stage }) => stage === SLI_STAGE);
  const requests = api.flatMap(({ request, sorted }) => {
    const limitMs = API_SLO_MS[request];
    return limitMs === undefined ? [] : [judgeSlo(`API ${REQUEST_TITLES[request]}`, limitMs, sorted)];
  });
  return [...(sli === undefined ? [] : [judgeSlo('Pod startup', POD_STARTUP_SLO_MS, sli.sorted)]), ...requests];
}

/** Met or missed only when the samples bound their p99 on that side of the limit. @param sorted Ascending */
export function judgeSlo(name: string, limitMs: number, sorted: readonly number[]): Slo {
  const p99 = estimateQuantile(sorted, 0.99);
  const verdict = p99.atMost <= limitMs ? 'met' : p99.atLeast > limitMs ? 'missed' : 'cannot tell';
  return { name, limitMs, p99, verdict };
}
