import type { RunRecord } from '../record/record-schema.js';
import { type Path, THROUGHPUT_TESTS, type ThroughputTest } from '../record/terms.js';
import { type Interval, medianInterval } from '../stats/interval.js';
import { medianOf } from '../stats/quantile.js';
import { cellSamples, cellValue } from './cells.js';
import { perRound, type RoundValue } from './rounds.js';

/** Paths between nodes that pods take, whose goodput the host's bounds. */
export const EFFICIENCY_PATHS = ['pod', 'cluster-ip', 'node-port'] as const satisfies readonly Path[];

export interface Efficiency {
  path: (typeof EFFICIENCY_PATHS)[number];
  test: ThroughputTest;
  values: RoundValue[];
  median: number;
  interval: Interval | undefined;
}

/**
 * What pods keep of the host's goodput, from cells of the same pair in the same round, so that drift cancels out. A
 * round in which the host's cell failed has no such share; whoever judges must not take that for a good one.
 */
export function efficiencies(record: RunRecord, rounds: readonly number[]): Efficiency[] {
  return EFFICIENCY_PATHS.flatMap((path) =>
    THROUGHPUT_TESTS.flatMap((test) => {
      const values = perRound(ratios(record, rounds, path, test), rounds, (round) =>
        medianOf(round.map(({ ratio }) => ratio)),
      );
      const figures = values.map(({ value }) => value);
      const summary = { values, median: medianOf(figures), interval: medianInterval(figures) };
      return values.length === 0 ? [] : [{ path, test, ...summary }];
    }),
  );
}

function ratios(
  record: RunRecord,
  rounds: readonly number[],
  path: Path,
  test: ThroughputTest,
): { round: number; ratio: number }[] {
  const hosts = cellSamples(record, rounds, 'host', test);
  return cellSamples(record, rounds, path, test).flatMap((sample) => {
    const { round, from, to } = sample;
    const host = hosts.find((base) => base.round === round && base.from === from && base.to === to);
    const baseline = host === undefined ? 0 : cellValue(host);
    return baseline > 0 ? [{ round, ratio: cellValue(sample) / baseline }] : [];
  });
}
