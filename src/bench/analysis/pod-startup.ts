import type { PodSample } from '../record/pods-schema.js';
import type { RunRecord } from '../record/record-schema.js';
import { SLI_STAGE, type Stage } from '../record/terms.js';
import { estimateQuantile, type QuantileEstimate, samplesToBound } from '../stats/interval.js';
import { ascending, quantileOf } from '../stats/quantile.js';
import { perRound, type RoundValue } from './rounds.js';

export const QUANTILES = [0.5, 0.9, 0.95, 0.99] as const;

/** Milliseconds from when the pod was meant to be sent; Infinity when it never got there. */
export function startupMs({ intended, at }: PodSample, stage: Stage): number {
  const reached = at[stage];
  return reached === null || reached === undefined ? Number.POSITIVE_INFINITY : reached - intended;
}

export interface StageSummary {
  stage: Stage;
  /** Ascending; Infinity for pods that never got there. */
  sorted: number[];
  quantiles: QuantileEstimate[];
}

export interface NeverStarted {
  name: string;
  round: number;
  node: string | null;
  reason: string;
}

export interface PodStartup {
  /** Paced pods of counted rounds. */
  stages: StageSummary[];
  /** Of the SLI stage, per round. */
  median: RoundValue[];
  /** Empty when a round has too few pods to bound it. */
  p95: RoundValue[];
  readyMedian: RoundValue[];
  /** From the common start to the last pod running, milliseconds. */
  burstMakespan: RoundValue[];
  /** Pods per second until then. */
  burstRate: RoundValue[];
  /** First pod of each node, milliseconds to the SLI stage. */
  cold: { node: string; ms: number }[];
  never: NeverStarted[];
}

export function podStartup(record: RunRecord, rounds: readonly number[]): PodStartup {
  const { stages, samples } = record.pods;
  const counted = samples.filter(({ round }) => rounds.includes(round));
  const paced = counted.filter(({ load }) => load === 'paced');
  const bursts = counted.filter(({ load }) => load === 'burst');
  const quantile = (stage: Stage, q: number): RoundValue[] =>
    perRound(paced, rounds, (pods) => quantileOf(ascending(pods.map((pod) => startupMs(pod, stage))), q));
  const perRoundPods = Math.min(...perRound(paced, rounds, (pods) => pods.length).map(({ value }) => value));
  const makespan = perRound(bursts, rounds, (pods) => Math.max(...pods.map((pod) => startupMs(pod, SLI_STAGE))));
  return {
    stages: paced.length === 0 ? [] : stages.map((stage) => stageSummary(stage, paced)),
    median: quantile(SLI_STAGE, 0.5),
    p95: perRoundPods >= samplesToBound(0.95) ? quantile(SLI_STAGE, 0.95) : [],
    readyMedian: quantile('ready', 0.5),
    burstMakespan: makespan,
    burstRate: makespan.map(({ round, value }) => ({
      round,
      value: (bursts.filter((pod) => pod.round === round).length * 1000) / value,
    })),
    cold: samples
      .filter(({ round, load }) => load === 'cold' && !isVoid(record, round))
      .map((pod) => ({ node: pod.node ?? 'unscheduled', ms: startupMs(pod, SLI_STAGE) })),
    never: counted.filter((pod) => startupMs(pod, SLI_STAGE) === Number.POSITIVE_INFINITY).map(neverStarted),
  };
}

function isVoid({ rounds }: RunRecord, wanted: number): boolean {
  return rounds.some((round) => round.round === wanted && round.void.length > 0);
}

function stageSummary(stage: Stage, pods: readonly PodSample[]): StageSummary {
  const sorted = ascending(pods.map((pod) => startupMs(pod, stage)));
  return { stage, sorted, quantiles: QUANTILES.map((q) => estimateQuantile(sorted, q)) };
}

function neverStarted({ name, round, node, failure, intended, observedUntil }: PodSample): NeverStarted {
  const waited = Math.round((observedUntil - intended) / 1000);
  return { name, round, node, reason: failure ?? `not running within ${waited} s` };
}

export interface KubeletComparison {
  /** Mean seconds by the kubelets' histogram, and ours from the API's acceptance to running, of the same pods. */
  kubelet: number;
  ours: number;
  pods: number;
}

/** The kubelets' own mean beside ours. The API's creation times are whole seconds, so theirs is 0.5 s larger. */
export function kubeletComparison({ pods }: RunRecord): KubeletComparison | undefined {
  const { nodes } = pods.kubelet;
  const count = nodes.reduce((sum, node) => sum + node.count, 0);
  const ours = pods.samples.flatMap(({ at: { accepted, running } }) =>
    accepted === null || accepted === undefined || running === null || running === undefined ? [] : running - accepted,
  );
  if (count === 0 || ours.length === 0) return undefined;
  return {
    kubelet: nodes.reduce((sum, node) => sum + node.sumSeconds, 0) / count,
    ours: ours.reduce((sum, ms) => sum + ms, 0) / ours.length / 1000,
    pods: count,
  };
}
