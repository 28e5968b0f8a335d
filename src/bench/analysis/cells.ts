import type { NetworkSample } from '../record/network-schema.js';
import type { RunRecord } from '../record/record-schema.js';
import { PATHS, type Path, TESTS, type Test } from '../record/terms.js';
import { type Interval, medianInterval } from '../stats/interval.js';
import { ascending, medianOf, quantileOf } from '../stats/quantile.js';
import { coefficientOfVariation } from '../stats/variation.js';
import { LIMIT_TOLERANCE, linkLimit } from './link-limit.js';
import { perRound, type RoundValue } from './rounds.js';

/** Goodput in bit/s, or the median round trip in ms. What failed or never came back counts as the worst there is. */
export function cellValue({ test, result }: NetworkSample): number {
  switch (result.kind) {
    case 'tcp':
    case 'udp':
      return result.bitsPerSecond;
    case 'round-trip': {
      const lost = new Array<number>(result.sent - result.samplesMs.length).fill(Number.POSITIVE_INFINITY);
      return quantileOf(ascending([...result.samplesMs, ...lost]), 0.5);
    }
    case 'failed':
      return test === 'round-trip' ? Number.POSITIVE_INFINITY : 0;
  }
}

/** One path and test over all counted rounds. */
export interface Cell {
  path: Path;
  test: Test;
  /** Per counted round; of several pairs in a round their median. */
  values: RoundValue[];
  median: number;
  interval: Interval | undefined;
  variation: number | undefined;
  /** Goodput that the slowest pair's link allows; undefined without physical links. */
  limit: number | undefined;
  /** Some sample is beyond what its link can carry: a measurement error. */
  aboveLimit: boolean;
  /** What failed, in iperf3's words. */
  failures: string[];
}

export function cells(record: RunRecord, rounds: readonly number[]): Cell[] {
  return PATHS.flatMap((path) =>
    TESTS.flatMap((test) => {
      const samples = cellSamples(record, rounds, path, test);
      return samples.length === 0 ? [] : [{ path, test, ...summarised(record, rounds, samples) }];
    }),
  );
}

export function cellSamples(record: RunRecord, rounds: readonly number[], path: Path, test: Test): NetworkSample[] {
  return record.network.samples.filter(
    (sample) => sample.path === path && sample.test === test && rounds.includes(sample.round),
  );
}

function summarised(
  record: RunRecord,
  rounds: readonly number[],
  samples: readonly NetworkSample[],
): Omit<Cell, 'path' | 'test'> {
  const values = perRound(samples, rounds, (round) => medianOf(round.map(cellValue)));
  const figures = values.map(({ value }) => value);
  const limited = samples.map((sample) => ({ value: cellValue(sample), limit: limitOf(record, sample) }));
  const limits = limited.flatMap(({ limit }) => limit ?? []);
  return {
    values,
    median: medianOf(figures),
    interval: medianInterval(figures),
    variation: coefficientOfVariation(figures),
    limit: limits.length === 0 ? undefined : Math.min(...limits),
    aboveLimit: limited.some(({ value, limit }) => limit !== undefined && value > limit * LIMIT_TOLERANCE),
    failures: samples.flatMap(({ result }) => (result.kind === 'failed' ? [result.message] : [])),
  };
}

function limitOf({ environment }: RunRecord, { path, test, from, to }: NetworkSample): number | undefined {
  if (test === 'round-trip') return undefined;
  return linkLimit({ environment, path, protocol: test === 'udp' ? 'udp' : 'tcp', from, to });
}

/** Share of datagrams lost, per counted round; a cell that failed lost all of them. */
export function udpLoss(record: RunRecord, rounds: readonly number[], path: Path): RoundValue[] {
  const lossOf = ({ result }: NetworkSample): number =>
    result.kind === 'udp' && result.datagrams > 0 ? result.lost / result.datagrams : 1;
  return perRound(cellSamples(record, rounds, path, 'udp'), rounds, (samples) => medianOf(samples.map(lossOf)));
}
