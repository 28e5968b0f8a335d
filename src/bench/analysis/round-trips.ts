import type { RunRecord } from '../record/record-schema.js';
import { PATHS, type Path } from '../record/terms.js';
import { estimateQuantile, type QuantileEstimate } from '../stats/interval.js';
import { ascending } from '../stats/quantile.js';
import { cellSamples } from './cells.js';
import { QUANTILES } from './pod-startup.js';

export interface RoundTrips {
  path: Path;
  /** How it was measured, e.g. `tcp-connect`. */
  method: string;
  samples: number;
  lost: number;
  quantiles: QuantileEstimate[];
}

/** Round trips of all counted rounds and pairs of a path; what was lost counts as infinite. */
export function roundTrips(record: RunRecord, rounds: readonly number[]): RoundTrips[] {
  return PATHS.flatMap((path) => {
    const results = cellSamples(record, rounds, path, 'round-trip').flatMap(({ result }) =>
      result.kind === 'round-trip' ? [result] : [],
    );
    const [first] = results;
    if (first === undefined) return [];
    const samples = results.reduce((sum, { sent }) => sum + sent, 0);
    const answered = results.flatMap(({ samplesMs }) => samplesMs);
    const lost = samples - answered.length;
    const sorted = ascending([...answered, ...new Array<number>(lost).fill(Number.POSITIVE_INFINITY)]);
    return [
      { path, method: first.method, samples, lost, quantiles: QUANTILES.map((q) => estimateQuantile(sorted, q)) },
    ];
  });
}
