import { z } from 'zod';
import { amount, bitsPerSecond, milliseconds, moment, roundNumber, text } from './scalars.js';
import { PATHS, TESTS } from './terms.js';

const interval = z.strictObject({
  startSeconds: z.number().min(0),
  endSeconds: z.number().min(0),
  bitsPerSecond,
  /** Only the sender counts them. */
  retransmits: amount.nullable(),
});

/** Processor time of the iperf3 processes over the test's duration, in percent of one CPU. */
const cpuPercent = z.strictObject({ sender: z.number().min(0), receiver: z.number().min(0) });

/** `bitsPerSecond` is always goodput at the receiver, without the omitted seconds of slow start. */
const tcp = z.strictObject({
  kind: z.literal('tcp'),
  streams: z.int().min(1),
  reverse: z.boolean(),
  seconds: z.number().positive(),
  bitsPerSecond,
  sentBitsPerSecond: bitsPerSecond,
  retransmits: amount.nullable(),
  mss: amount.nullable(),
  congestion: text.nullable(),
  /** Smoothed round trip under this load; the sender's kernel tells it only where iperf3's client sends. */
  rttMs: z.strictObject({ min: milliseconds, mean: milliseconds, max: milliseconds }).nullable(),
  pathMtu: amount.nullable(),
  cpuPercent,
  perStream: z.array(bitsPerSecond),
  intervals: z.array(interval),
});
export type TcpResult = z.output<typeof tcp>;

const udp = z.strictObject({
  kind: z.literal('udp'),
  targetBitsPerSecond: bitsPerSecond,
  payloadBytes: amount,
  seconds: z.number().positive(),
  bitsPerSecond,
  sentBitsPerSecond: bitsPerSecond,
  datagrams: amount,
  lost: amount,
  outOfOrder: amount,
  jitterMs: milliseconds,
  cpuPercent,
  intervals: z.array(interval),
});
export type UdpResult = z.output<typeof udp>;

const roundTrip = z.strictObject({
  kind: z.literal('round-trip'),
  method: z.literal('tcp-connect'),
  sent: amount,
  /** One for each answer; what was sent and never answered is a loss. */
  samplesMs: z.array(milliseconds),
});

const failed = z.strictObject({ kind: z.literal('failed'), message: text });

const sample = z.strictObject({
  round: roundNumber,
  path: z.enum(PATHS),
  test: z.enum(TESTS),
  /** Node of the client; with tcp-reverse data flows towards it. */
  from: text,
  /** Node of the server. */
  to: text,
  began: moment,
  result: z.discriminatedUnion('kind', [tcp, udp, roundTrip, failed]),
});
export type NetworkSample = z.output<typeof sample>;

/** Whether packets of the MTU pass unfragmented, tried before anything is measured. */
const mtuCheck = z.strictObject({
  path: z.enum(PATHS),
  from: text,
  to: text,
  mtu: z.int().positive(),
  passed: z.boolean(),
});

export const networkSchema = z.strictObject({
  mtu: z.array(mtuCheck),
  /** Cells that this cluster has no place for, and why, e.g. paths between nodes when there is one node. */
  leftOut: z.array(z.strictObject({ path: z.enum(PATHS), reason: text })),
  samples: z.array(sample),
});
