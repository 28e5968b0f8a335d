import type { Finding, RunRecord } from '../record/record-schema.js';
import { medianOf } from '../stats/quantile.js';
import { CV_LIMIT, coefficientOfVariation } from '../stats/variation.js';
import type { Cell } from './cells.js';
import { VXLAN_BYTES } from './link-limit.js';
import type { Metric } from './metrics.js';
import type { KubeletComparison, PodStartup } from './pod-startup.js';
import { PATH_TITLES, TEST_TITLES } from './titles.js';

/** What a reader must know before believing the figures. */
export interface Warning {
  code: string;
  message: string;
}

export interface WarningInput {
  record: RunRecord;
  startup: PodStartup;
  kubelet: KubeletComparison | undefined;
  cells: readonly Cell[];
  metrics: readonly Metric[];
}

export function warningsOf(input: WarningInput): Warning[] {
  return [
    ...input.record.findings.flatMap(findingWarning),
    ...cellWarnings(input.cells),
    ...mtuWarning(input.record),
    ...podWarnings(input),
    ...variationWarnings(input),
    ...warmUpWarnings(input),
  ];
}

/** Errors make the whole run void instead. */
function findingWarning({ severity, code, message, hint }: Finding): Warning[] {
  return severity === 'error' ? [] : [{ code, message: hint === null ? message : `${message}; ${hint}` }];
}

function cellWarnings(cells: readonly Cell[]): Warning[] {
  const above = cells.filter(({ aboveLimit }) => aboveLimit).map(cellName);
  const failed = cells.filter(({ failures }) => failures.length > 0);
  const [first] = failed;
  return [
    ...above.map((name) => ({
      code: 'above-link-rate',
      message: `${name}: measurement error, more than the link can carry`,
    })),
    ...(first === undefined
      ? []
      : [{ code: 'cell-failed', message: `${named(failed.map(cellName))} failed: ${first.failures[0]}` }]),
  ];
}

function cellName({ path, test }: Cell): string {
  return `${PATH_TITLES[path]}, ${TEST_TITLES[test]}`;
}

const MOST_NAMED = 3;

/** `a; b; c and 22 more`. */
function named(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join('; ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Too large voids the run; too small costs throughput that nothing else explains, e.g. a network's default of 1440. */
function mtuWarning({ environment: { cluster, nodes } }: RunRecord): Warning[] {
  const small = nodes.flatMap(({ name, nic, podMtu }) => {
    const possible = nic.mtu - (cluster.networkMode === 'vxlan' ? VXLAN_BYTES : 0);
    return podMtu < possible ? [`${name} ${podMtu} of ${possible}`] : [];
  });
  if (small.length === 0) return [];
  return [{ code: 'mtu-small', message: `pods have a smaller MTU than the network carries: ${named(small)}` }];
}

function podWarnings({ startup: { never }, kubelet }: WarningInput): Warning[] {
  return [...neverStartedWarning(never), ...kubeletWarning(kubelet)];
}

function neverStartedWarning(never: PodStartup['never']): Warning[] {
  const [first] = never;
  if (first === undefined) return [];
  const which = `${first.name}: ${first.reason}`;
  const message =
    never.length === 1
      ? `1 pod never started and counts as infinite, ${which}`
      : `${never.length} pods never started and count as infinite, first ${which}`;
  return [{ code: 'pods-never-started', message }];
}

function kubeletWarning(compared: KubeletComparison | undefined): Warning[] {
  if (compared === undefined) return [];
  const { kubelet, ours, bias, tolerance } = compared;
  if (Math.abs(kubelet - ours - bias) <= tolerance) return [];
  const message = `the kubelets’ own mean startup of ${kubelet.toFixed(2)} s is not ${bias} ± ${tolerance.toFixed(2)} s above ours of ${ours.toFixed(2)} s`;
  return [{ code: 'kubelet-disagrees', message }];
}

/** Around the ring every round measures another pair: how figures between nodes vary says nothing of the rounds. */
function variesByPair({ record }: WarningInput, { id }: Metric): boolean {
  const { preset, environment } = record;
  return preset.values.network.pairs === 'ring' && environment.nodes.length > 2 && id.startsWith('network.');
}

function variationWarnings(input: WarningInput): Warning[] {
  const varying = input.metrics.flatMap((metric) => {
    const variation = coefficientOfVariation(metric.values.map(({ value }) => value)) ?? 0;
    return metric.kind !== 'share' && variation > CV_LIMIT ? [{ metric, percent: Math.round(variation * 100) }] : [];
  });
  const byPair = varying.filter(({ metric }) => variesByPair(input, metric));
  const byRound = varying.filter(({ metric }) => !variesByPair(input, metric));
  return [
    ...byRound.map(({ metric, percent }) => ({
      code: 'rounds-vary',
      message: `${metric.title}: rounds vary by ${percent} % (coefficient of variation)`,
    })),
    ...pairsWarning(byPair.map(({ percent }) => percent)),
  ];
}

function pairsWarning(percents: readonly number[]): Warning[] {
  if (percents.length === 0) return [];
  const most = Math.max(...percents);
  const figures = percents.length === 1 ? 'one network figure varies' : `${percents.length} network figures vary`;
  const message = `pairs of nodes differ: ${figures} by up to ${most} % between rounds, each of which measured another pair`;
  return [{ code: 'pairs-vary', message }];
}

/** A first round beyond all others, by more than rounds may vary, was still warming up. */
function warmUpWarnings(input: WarningInput): Warning[] {
  const titles = input.metrics
    .filter((metric) => !variesByPair(input, metric) && firstDiffers(metric))
    .map(({ title }) => title);
  if (titles.length === 0) return [];
  return [
    {
      code: 'first-round-differs',
      message: `the first round differs from all others, warm up longer: ${titles.join('; ')}`,
    },
  ];
}

function firstDiffers({ values, kind }: Metric): boolean {
  const [first, ...rest] = values.map(({ value }) => value);
  if (first === undefined || rest.length < 3 || kind === 'share') return false;
  const middle = medianOf(rest);
  const beyond = first > Math.max(...rest) || first < Math.min(...rest);
  return beyond && Math.abs(first - middle) > CV_LIMIT * middle;
}
