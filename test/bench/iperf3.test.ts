import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseIperf3 } from '../../src/bench/iperf3.js';
import type { TcpResult, UdpResult } from '../../src/bench/record/network-schema.js';
import { networkSchema } from '../../src/bench/record/network-schema.js';

/*
 * Recorded with Debian's iperf3 3.12 (bookworm) and 3.18 (trixie) between two network namespaces over a veth pair that
 * a token bucket holds at 300 Mbit/s, `-t 3 -O 1`; `loopback` without any limit; `udp-loss` sends 400 Mbit/s into it.
 */
const VERSIONS = ['3.12', '3.18'] as const;
const recorded = (name: string): string =>
  readFileSync(new URL(`fixtures/iperf3/${name}.json`, import.meta.url), 'utf8');
const tcp = (name: string): TcpResult => {
  const { result } = parseIperf3(recorded(name));
  if (result.kind !== 'tcp') throw new Error(`${name} is ${result.kind}`);
  return result;
};
const udp = (name: string): UdpResult => {
  const { result } = parseIperf3(recorded(name));
  if (result.kind !== 'udp') throw new Error(`${name} is ${result.kind}`);
  return result;
};

describe.each(VERSIONS)('iperf3 %s', (version) => {
  test('TCP, one stream', () => {
    expect(parseIperf3(recorded(`tcp-${version}`)).version).toBe(version);
    const result = tcp(`tcp-${version}`);
    expect(result).toMatchObject({ streams: 1, reverse: false, mss: 1448, pathMtu: 1500, congestion: 'bbr' });
    const received = JSON.parse(recorded(`tcp-${version}`)).end.sum_received;
    expect(result.bitsPerSecond).toBe(received.bits_per_second);
    expect(result.bitsPerSecond).toBeLessThan(300e6);
    expect(result.rttMs?.min).toBeGreaterThan(0);
    expect(result.rttMs?.max).toBeGreaterThanOrEqual(result.rttMs?.mean ?? Number.POSITIVE_INFINITY);
  });

  test('omitted seconds are no intervals', () => {
    const all: { sum: { omitted: boolean } }[] = JSON.parse(recorded(`tcp-${version}`)).intervals;
    expect(all.some(({ sum }) => sum.omitted)).toBe(true);
    const { intervals } = tcp(`tcp-${version}`);
    expect(intervals.map(({ startSeconds }) => Math.round(startSeconds))).toEqual([0, 1, 2]);
    expect(intervals).toHaveLength(all.filter(({ sum }) => !sum.omitted).length);
  });

  test('TCP, several streams: their goodput adds up', () => {
    const { streams, perStream, bitsPerSecond, rttMs } = tcp(`tcp-streams-${version}`);
    expect([streams, perStream.length]).toEqual([4, 4]);
    const total = perStream.reduce((sum, each) => sum + each, 0);
    expect(Math.abs(total / bitsPerSecond - 1)).toBeLessThan(0.01);
    expect(rttMs).not.toBeNull();
  });

  test('TCP, reverse: the other side sends, and the client knows no round trip', () => {
    const result = tcp(`tcp-reverse-${version}`);
    expect(result).toMatchObject({ reverse: true, rttMs: null, pathMtu: null });
    const { host_total, remote_total } = JSON.parse(recorded(`tcp-reverse-${version}`)).end.cpu_utilization_percent;
    expect(result.cpuPercent).toEqual({ sender: remote_total, receiver: host_total });
    expect(result.intervals.every(({ retransmits }) => retransmits === null)).toBe(true);
  });

  test('UDP', () => {
    const result = udp(`udp-${version}`);
    expect(result).toMatchObject({ targetBitsPerSecond: 240e6, payloadBytes: 1448, lost: 0, outOfOrder: 0 });
    expect(result.jitterMs).toBeGreaterThan(0);
    expect(result.datagrams).toBeGreaterThan(60_000);
  });

  test('UDP into a link that is too slow: goodput is what arrived, not what was sent', () => {
    const { lost, datagrams, bitsPerSecond, sentBitsPerSecond } = udp(`udp-loss-${version}`);
    expect(lost / datagrams).toBeGreaterThan(0.2);
    expect(bitsPerSecond / sentBitsPerSecond).toBeCloseTo(1 - lost / datagrams, 2);
    expect(bitsPerSecond).toBeLessThan(300e6);
  });

  test('UDP, reverse', () => {
    expect(udp(`udp-reverse-${version}`).bitsPerSecond).toBeGreaterThan(200e6);
  });

  test.each(['tcp', 'tcp-streams', 'tcp-reverse', 'udp', 'udp-loss', 'udp-reverse', 'loopback'])(
    '%s fits the record',
    (name) => {
      const { result } = parseIperf3(recorded(`${name}-${version}`));
      const sample = { round: 1, path: 'pod', test: 'tcp', from: 'a', to: 'b', began: 0, result };
      expect(networkSchema.parse({ mtu: [], leftOut: [], samples: [sample] }).samples).toEqual([sample]);
    },
  );

  test('a refused connection, in its own words', () => {
    expect(() => parseIperf3(recorded(`refused-${version}`))).toThrow(
      expect.objectContaining({ code: 'iperf3-failed', message: expect.stringContaining('Connection refused') }),
    );
  });
});

test('losses of the omitted seconds do not count, though 3.12 counts them', () => {
  expect(udp('udp-loss-3.12').lost).toBeLessThan(JSON.parse(recorded('udp-loss-3.12')).end.sum.lost_packets);
  expect(udp('udp-loss-3.18').lost).toBe(JSON.parse(recorded('udp-loss-3.18')).end.sum.lost_packets);
});

test('a server that is still busy with the test before', () => {
  expect(() => parseIperf3(recorded('busy-3.18'))).toThrow(
    expect.objectContaining({ code: 'iperf3-failed', message: expect.stringContaining('busy') }),
  );
});

test.each([
  ['no JSON', 'iperf3: command not found'],
  ['cut short', recorded('tcp-3.18').slice(0, 2000)],
  ['another JSON', '{"start": {}, "intervals": [], "end": {}}'],
  ['a UDP report without packets', recorded('udp-3.18').replaceAll('"packets"', '"other"')],
])('%s is no report', (_name, text) => {
  expect(() => parseIperf3(text)).toThrow(expect.objectContaining({ code: 'iperf3-output' }));
});
