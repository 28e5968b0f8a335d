import { describe, expect, test } from 'vitest';
import { cells, cellValue, udpLoss } from '../../../src/bench/analysis/cells.js';
import { efficiencies } from '../../../src/bench/analysis/efficiency.js';
import { linkLimit } from '../../../src/bench/analysis/link-limit.js';
import { pairMatrix } from '../../../src/bench/analysis/pair-matrix.js';
import { roundTrips } from '../../../src/bench/analysis/round-trips.js';
import type { NetworkSample } from '../../../src/bench/record/network-schema.js';
import type { RunRecord } from '../../../src/bench/record/record-schema.js';
import type { Path, Test } from '../../../src/bench/record/terms.js';
import { syntheticEnvironment } from '../../helpers/synthetic-run/environment.js';
import { syntheticRun } from '../../helpers/synthetic-run/synthetic-run.js';

const tcp = (bitsPerSecond: number): NetworkSample['result'] => ({
  kind: 'tcp',
  streams: 1,
  reverse: false,
  seconds: 5,
  bitsPerSecond,
  sentBitsPerSecond: bitsPerSecond,
  retransmits: 0,
  mss: 1448,
  congestion: 'cubic',
  rttMs: null,
  pathMtu: 1500,
  cpuPercent: { sender: 1, receiver: 1 },
  perStream: [bitsPerSecond],
  intervals: [],
});
const failed: NetworkSample['result'] = { kind: 'failed', message: 'unable to connect to server' };
const echoes = (sent: number, samplesMs: number[]): NetworkSample['result'] => ({
  kind: 'round-trip',
  method: 'tcp-connect',
  sent,
  samplesMs,
});

type Short = [round: number, path: Path, test: Test, from: string, to: string, result: NetworkSample['result']];
const base = await syntheticRun({ overrides: ['rounds=3', 'pods.count=30'] });
const withSamples = (...samples: Short[]): RunRecord => ({
  ...base,
  network: {
    ...base.network,
    samples: samples.map(([round, path, test, from, to, result]) => ({
      round,
      path,
      test,
      from,
      to,
      began: 0,
      result,
    })),
  },
});
const ROUNDS = [1, 2, 3];

describe('what a link can carry', () => {
  const limit = (bitsPerSecond: number, mtu: number, path: Path, networkMode: 'routed' | 'vxlan', podMtu = mtu) => {
    const environment = syntheticEnvironment({
      nodes: ['a', 'b'],
      linkBitsPerSecond: bitsPerSecond,
      networkMode,
      kubernetes: '1.36.4',
    });
    for (const node of environment.nodes) Object.assign(node, { podMtu, nic: { ...node.nic, mtu } });
    return (linkLimit({ environment, path, protocol: 'tcp', from: 'a', to: 'b' }) ?? 0) / 1e6;
  };

  // Goodput of TCP with timestamps over Ethernet, Mbit/s, as it is published for these links.
  test.each<[number, number, Path, 'routed' | 'vxlan', number, number]>([
    [1e9, 1500, 'host', 'routed', 1500, 941],
    [1e9, 9000, 'host', 'routed', 9000, 990],
    [10e9, 1500, 'pod', 'routed', 1500, 9415],
    [10e9, 9000, 'pod', 'routed', 9000, 9900],
    [25e9, 1500, 'host', 'routed', 1500, 23537],
    [40e9, 9000, 'host', 'routed', 9000, 39602],
    [1e9, 1500, 'pod', 'vxlan', 1450, 909],
    [1e9, 1500, 'host', 'vxlan', 1450, 941],
  ])('%d bit/s, MTU %d, %s over %s (pod MTU %d): %d Mbit/s', (rate, mtu, path, mode, podMtu, expected) => {
    expect(Math.round(limit(rate, mtu, path, mode, podMtu))).toBe(expected);
  });

  test('nothing within a node, and nothing for a veth that claims 10 Gbit/s', () => {
    const place = { nodes: ['a', 'b'], networkMode: 'routed', kubernetes: '1.36.4' } as const;
    const physical = syntheticEnvironment({ ...place, linkBitsPerSecond: 10e9 });
    const virtual = syntheticEnvironment(place);
    for (const { nic } of virtual.nodes) nic.bitsPerSecond = 10e9;
    const cell = { path: 'pod', protocol: 'tcp' } as const;
    expect(linkLimit({ environment: physical, ...cell, from: 'a', to: 'a' })).toBeUndefined();
    expect(linkLimit({ environment: virtual, ...cell, from: 'a', to: 'b' })).toBeUndefined();
  });
});

describe('cells', () => {
  test('a cell that failed is the worst there is, and says why', () => {
    const record = withSamples([1, 'pod', 'tcp', 's4', 's5', tcp(9e9)], [2, 'pod', 'tcp', 's4', 's5', failed]);
    expect(cells(record, ROUNDS)[0]).toMatchObject({
      values: [
        { round: 1, value: 9e9 },
        { round: 2, value: 0 },
      ],
      failures: ['unable to connect to server'],
    });
    const [sample] = withSamples([1, 'pod', 'round-trip', 's4', 's5', failed]).network.samples;
    expect(sample && cellValue(sample)).toBe(Number.POSITIVE_INFINITY);
  });

  test('echoes that never came back are infinite', () => {
    const [sample] = withSamples([1, 'pod', 'round-trip', 's4', 's5', echoes(4, [1, 2])]).network.samples;
    expect(sample && cellValue(sample)).toBe(2);
    const [worse] = withSamples([1, 'pod', 'round-trip', 's4', 's5', echoes(5, [1, 2])]).network.samples;
    expect(worse && cellValue(worse)).toBe(Number.POSITIVE_INFINITY);
    const record = withSamples([1, 'pod', 'round-trip', 's4', 's5', echoes(5, [1, 2])]);
    expect(roundTrips(record, ROUNDS)[0]).toMatchObject({ samples: 5, lost: 3, method: 'tcp-connect' });
  });

  test('of several pairs of a round the median counts', () => {
    const pairs = [9e9, 5e9, 8e9].map((rate, index): Short => [1, 'pod', 'tcp', 's4', `s${index + 5}`, tcp(rate)]);
    expect(cells(withSamples(...pairs), ROUNDS)[0]?.values).toEqual([{ round: 1, value: 8e9 }]);
  });

  test('more than the link can carry is a measurement error', () => {
    const above = (rate: number) =>
      cells(withSamples([1, 'host', 'tcp', 's4', 's5', tcp(rate)]), ROUNDS)[0]?.aboveLimit;
    expect([above(9.41e9), above(9.6e9)]).toEqual([false, true]);
  });

  test('a UDP cell that failed lost everything', () => {
    expect(udpLoss(withSamples([1, 'pod', 'udp', 's4', 's5', failed]), ROUNDS, 'pod')).toEqual([
      { round: 1, value: 1 },
    ]);
  });
});

describe('efficiency', () => {
  test('is paired within a round and a pair', () => {
    const record = withSamples(
      [1, 'host', 'tcp', 's4', 's5', tcp(10e9)],
      [1, 'pod', 'tcp', 's4', 's5', tcp(9e9)],
      [2, 'host', 'tcp', 's5', 's6', tcp(2e9)],
      [2, 'pod', 'tcp', 's5', 's6', tcp(1e9)],
      [3, 'pod', 'tcp', 's6', 's4', tcp(9e9)],
    );
    expect(efficiencies(record, ROUNDS)).toMatchObject([
      {
        path: 'pod',
        test: 'tcp',
        values: [
          { round: 1, value: 0.9 },
          { round: 2, value: 0.5 },
        ],
        median: 0.7,
      },
    ]);
  });

  test('has no value against a host that reached nothing', () => {
    const record = withSamples([1, 'host', 'tcp', 's4', 's5', failed], [1, 'pod', 'tcp', 's4', 's5', tcp(9e9)]);
    expect(efficiencies(record, ROUNDS)).toEqual([]);
  });
});

describe('pairs of nodes', () => {
  test('a reverse cell is the other direction, one within a node the diagonal', () => {
    const record = withSamples(
      [1, 'pod', 'tcp', 's4', 's5', tcp(9e9)],
      [2, 'pod', 'tcp', 's4', 's5', tcp(7e9)],
      [1, 'pod', 'tcp-reverse', 's4', 's5', tcp(3e9)],
      [1, 'pod-same-node', 'tcp', 's4', 's4', tcp(30e9)],
      [1, 'host', 'tcp', 's4', 's5', tcp(1e9)],
      [1, 'pod', 'udp', 's4', 's5', tcp(1e9)],
    );
    expect(pairMatrix(record, ROUNDS, 'tcp')).toEqual([
      { from: 's4', to: 's5', value: 8e9 },
      { from: 's5', to: 's4', value: 3e9 },
      { from: 's4', to: 's4', value: 30e9 },
    ]);
  });

  test('a round trip is the same both ways', () => {
    const record = withSamples(
      [1, 'pod', 'round-trip', 's4', 's5', echoes(1, [0.1])],
      [1, 'pod-same-node', 'round-trip', 's4', 's4', echoes(1, [0.02])],
    );
    expect(pairMatrix(record, ROUNDS, 'round-trip')).toEqual([
      { from: 's4', to: 's5', value: 0.1 },
      { from: 's5', to: 's4', value: 0.1 },
      { from: 's4', to: 's4', value: 0.02 },
    ]);
  });

  test('a slow link stands out', async () => {
    const record = await syntheticRun({ slowNode: { node: 's6', factor: 0.6 } });
    const matrix = pairMatrix(record, [1, 2, 3, 4, 5], 'tcp').filter(({ from, to }) => from !== to);
    const slow = matrix.filter(({ value }) => value < 7e9).map(({ from, to }) => `${from}>${to}`);
    expect(matrix).toHaveLength(6);
    expect(slow.sort()).toEqual(['s4>s6', 's5>s6', 's6>s4', 's6>s5']);
  });
});
