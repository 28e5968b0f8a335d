import type { NetworkSample } from '../record/network-schema.js';
import type { RunRecord } from '../record/record-schema.js';
import { medianOf } from '../stats/quantile.js';
import { cellValue } from './cells.js';

export interface PairValue {
  from: string;
  to: string;
  value: number;
}

/**
 * Median over the counted rounds from each node's pods to each other's: one TCP stream, or a round trip. A reverse cell
 * measures the other direction of its pair, one within a node the diagonal; a round trip is the same both ways.
 */
export function pairMatrix(record: RunRecord, rounds: readonly number[], test: 'tcp' | 'round-trip'): PairValue[] {
  const directed = record.network.samples
    .filter((sample) => rounds.includes(sample.round) && isPodCell(sample))
    .flatMap((sample) => directions(sample, test));
  const pairs = new Map(directed.map((pair) => [`${pair.from}>${pair.to}`, pair]));
  return [...pairs.values()].map(({ from, to }) => {
    const values = directed.filter((pair) => pair.from === from && pair.to === to).map(({ value }) => value);
    return { from, to, value: medianOf(values) };
  });
}

function isPodCell({ path }: NetworkSample): boolean {
  return path === 'pod' || path === 'pod-same-node';
}

function directions(sample: NetworkSample, test: 'tcp' | 'round-trip'): PairValue[] {
  const value = cellValue(sample);
  const forth = { from: sample.from, to: sample.to, value };
  const back = { from: sample.to, to: sample.from, value };
  if (test === 'tcp') return sample.test === 'tcp' ? [forth] : sample.test === 'tcp-reverse' ? [back] : [];
  if (sample.test !== 'round-trip') return [];
  return sample.from === sample.to ? [forth] : [forth, back];
}
