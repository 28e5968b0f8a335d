import { z } from 'zod';
import { DisklessError } from '../errors.js';
import type { TcpResult, UdpResult } from './record/network-schema.js';

/*
 * `iperf3 --json` of 3.12 (Debian 12) to 3.18 and later. Loose: newer releases add keys. What the receiver counted is
 * what arrived; the sender's figures include what still lay in buffers.
 */

const sum = z.looseObject({
  seconds: z.number(),
  bits_per_second: z.number(),
  retransmits: z.number().optional(),
});

/** What only UDP reports hold. */
const udpSum = z.looseObject({ bytes: z.number(), packets: z.number(), jitter_ms: z.number() });

const sender = z.looseObject({
  max_rtt: z.number().optional(),
  min_rtt: z.number().optional(),
  mean_rtt: z.number().optional(),
});

const stream = z.looseObject({
  sender: sender.optional(),
  receiver: z.looseObject({ bits_per_second: z.number() }).optional(),
  udp: z.looseObject({ out_of_order: z.number().optional() }).optional(),
});

const interval = z.looseObject({
  streams: z.array(z.looseObject({ pmtu: z.number().optional() })),
  sum: sum.extend({ start: z.number(), end: z.number(), omitted: z.boolean() }),
});
type Interval = z.output<typeof interval>;

const cpu = z.looseObject({ host_total: z.number(), remote_total: z.number() });

const report = z.looseObject({
  start: z.looseObject({
    version: z.string(),
    tcp_mss_default: z.number().optional(),
    test_start: z.looseObject({
      protocol: z.enum(['TCP', 'UDP']),
      num_streams: z.number(),
      blksize: z.number(),
      reverse: z.number(),
      target_bitrate: z.number(),
    }),
  }),
  intervals: z.array(interval),
  end: z.looseObject({
    streams: z.array(stream),
    sum_sent: sum,
    sum_received: sum,
    cpu_utilization_percent: cpu,
    sender_tcp_congestion: z.string().optional(),
  }),
});
type Report = z.output<typeof report>;

/** What iperf3 says of itself when it could not measure, e.g. `unable to connect to server: Connection refused`. */
const failure = z.looseObject({ error: z.string() });

export interface Iperf3Result {
  /** e.g. `3.18` */
  version: string;
  result: TcpResult | UdpResult;
}

/** @throws DisklessError `iperf3-failed` with iperf3's own words, `iperf3-output` when it is not such a report */
export function parseIperf3(text: string): Iperf3Result {
  const value = parseJson(text);
  const failed = failure.safeParse(value);
  if (failed.success) throw new DisklessError({ code: 'iperf3-failed', message: `iperf3: ${failed.data.error}` });
  const { success, data, error } = report.safeParse(value);
  if (!success) throw unreadable(z.prettifyError(error), error);
  const udp = data.start.test_start.protocol === 'UDP';
  return { version: data.start.version.replace(/^iperf /, ''), result: udp ? udpResult(data) : tcpResult(data) };
}

function tcpResult({ start, intervals, end }: Report): TcpResult {
  const { num_streams: streams, reverse } = start.test_start;
  const pathMtu = intervals.flatMap((each) => each.streams.flatMap(({ pmtu }) => pmtu ?? []))[0];
  return {
    kind: 'tcp',
    streams,
    reverse: reverse !== 0,
    ...common({ start, intervals, end }),
    retransmits: end.sum_sent.retransmits ?? null,
    mss: start.tcp_mss_default ?? null,
    congestion: end.sender_tcp_congestion ?? null,
    rttMs: rttOf(end),
    pathMtu: pathMtu ?? null,
    perStream: end.streams.flatMap(({ receiver }) => receiver?.bits_per_second ?? []),
  };
}

/**
 * Datagrams lost are those of the receiver's sequence numbers whose payload did not arrive. iperf3's own count is that
 * as well, but up to 3.13 it goes on counting what was lost in the omitted seconds.
 */
function udpResult({ start, intervals, end }: Report): UdpResult {
  const { blksize, target_bitrate } = start.test_start;
  const { success, data: received, error } = udpSum.safeParse(end.sum_received);
  if (!success) throw unreadable(z.prettifyError(error), error);
  return {
    kind: 'udp',
    targetBitsPerSecond: target_bitrate,
    payloadBytes: blksize,
    ...common({ start, intervals, end }),
    datagrams: received.packets,
    lost: Math.max(0, received.packets - Math.round(received.bytes / blksize)),
    outOfOrder: end.streams.reduce((total, { udp }) => total + (udp?.out_of_order ?? 0), 0),
    jitterMs: received.jitter_ms,
  };
}

function common({ start, intervals, end }: Report) {
  const { host_total: client, remote_total: server } = end.cpu_utilization_percent;
  const clientSends = start.test_start.reverse === 0;
  return {
    seconds: end.sum_received.seconds,
    bitsPerSecond: end.sum_received.bits_per_second,
    sentBitsPerSecond: end.sum_sent.bits_per_second,
    cpuPercent: clientSends ? { sender: client, receiver: server } : { sender: server, receiver: client },
    intervals: intervals.filter((each) => !each.sum.omitted).map(intervalResult),
  };
}

function intervalResult({ sum: { start, end, bits_per_second, retransmits } }: Interval) {
  return {
    startSeconds: start,
    endSeconds: end,
    bitsPerSecond: bits_per_second,
    retransmits: retransmits ?? null,
  };
}

/** iperf3 gives microseconds per stream, and zeros where the client does not send. */
function rttOf({ streams }: Report['end']): TcpResult['rttMs'] {
  const told = streams.flatMap(({ sender }) => {
    const { min_rtt: min = 0, mean_rtt: mean = 0, max_rtt: max = 0 } = sender ?? {};
    return max > 0 ? [{ min, mean, max }] : [];
  });
  if (told.length === 0) return null;
  return {
    min: Math.min(...told.map(({ min }) => min)) / 1000,
    mean: told.reduce((sum, { mean }) => sum + mean, 0) / told.length / 1000,
    max: Math.max(...told.map(({ max }) => max)) / 1000,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unreadable(text.slice(0, 500), cause);
  }
}

function unreadable(detail: string, cause?: unknown): DisklessError {
  const message = 'what iperf3 printed is not a report of a test';
  return new DisklessError({ code: 'iperf3-output', message, detail, cause });
}
