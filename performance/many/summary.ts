import { medianOf } from '../../src/bench/stats/quantile.js';
import type { Sample } from './sample.js';

export interface Summary {
  nodes: number;
  runs: number;
  /** From the first connection to the last acknowledged file. */
  seconds: { best: number; median: number; worst: number };
  cpuSeconds: number;
  /** Of the `ssh -G` programs. */
  helperCpuSeconds: number;
  /** The worst. */
  peakMiB: number;
  /** Of that, before anything was read: Node and the program. */
  baselineMiB: number;
}

/** Medians where nothing else is said. */
export function summaryOf(samples: readonly Sample[]): Summary {
  const median = (of: (sample: Sample) => number): number => rounded(medianOf(samples.map(of)));
  const seconds = samples.map(({ runMs }) => runMs / 1000);
  return {
    nodes: samples[0]?.nodes ?? 0,
    runs: samples.length,
    seconds: {
      best: rounded(Math.min(...seconds)),
      median: rounded(medianOf(seconds)),
      worst: rounded(Math.max(...seconds)),
    },
    cpuSeconds: median(({ cpuSeconds }) => cpuSeconds),
    helperCpuSeconds: median(({ helperCpuSeconds }) => helperCpuSeconds),
    peakMiB: rounded(Math.max(...samples.map(({ peakMiB }) => peakMiB))),
    baselineMiB: median(({ baselineMiB }) => baselineMiB),
  };
}

export interface Growth {
  /** Larger/smaller. */
  of: string;
  nodes: number;
  seconds: number;
  cpuSeconds: number;
  /** Above the baseline. */
  memory: number;
}

/** Each size against the one before it: what is linear grows no faster than the nodes. */
export function growthOf(summaries: readonly Summary[]): Growth[] {
  return summaries.slice(1).map((larger, index) => {
    const smaller = summaries[index] as Summary;
    return {
      of: `${larger.nodes}/${smaller.nodes}`,
      nodes: rounded(larger.nodes / smaller.nodes),
      seconds: rounded(larger.seconds.median / smaller.seconds.median),
      cpuSeconds: rounded(larger.cpuSeconds / smaller.cpuSeconds),
      memory: rounded((larger.peakMiB - larger.baselineMiB) / (smaller.peakMiB - smaller.baselineMiB)),
    };
  });
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;
