import { z } from 'zod';
import { API_REQUESTS, PATHS, TESTS } from '../record/terms.js';

/* A preset: what a run measures, and for how long. Nothing is optional, so that every number stands in the file. */

const distinct = <T extends readonly [string, ...string[]]>(values: T) =>
  z.array(z.enum(values)).refine((list) => new Set(list).size === list.length, { error: 'names something twice' });

const pods = z.strictObject({
  count: z.int().min(0).describe('Paced pods of the whole run, spread evenly over the rounds.'),
  rate: z.number().positive().describe('Paced pods per second; open loop, whatever becomes of the ones before.'),
  burstPerNode: z.int().min(0).describe('Pods per node that each round starts all at once. 0: none.'),
  cold: z.boolean().describe('Measure the first pod of every node, before the first round.'),
  timeoutSeconds: z.number().positive().describe('A pod that does not run by then counts as never started.'),
});

const network = z.strictObject({
  pairs: z
    .enum(['one', 'ring', 'all'])
    .describe('one: the same two nodes. ring: each round the next pair. all: every pair in every round.'),
  paths: distinct(PATHS),
  tests: distinct(TESTS),
  seconds: z.number().positive().describe('Measured time of a throughput cell.'),
  omitSeconds: z.number().min(0).describe('Slow start before it, not counted.'),
  warmUpSeconds: z.number().min(0).describe('Time of each cell in the round before the first, discarded. 0: none.'),
  streams: z.int().min(2).describe('Streams of tcp-streams, and never more than the smaller node has cores.'),
  udpLinkShare: z.number().positive().max(1).describe('UDP rate as a share of a physical link.'),
  udpMegabits: z.number().positive().describe('UDP rate in Mbit/s where no physical link tells its speed.'),
  roundTrips: z.int().min(1).describe('Samples of a round-trip cell.'),
  roundTripIntervalMs: z.number().positive(),
});

const api = z.strictObject({
  requests: distinct(API_REQUESTS),
  rate: z.number().positive().describe('Requests per second of all kinds together; open loop.'),
  seconds: z.number().min(0).describe('Per round.'),
});

const dns = z.strictObject({
  rate: z.number().positive().describe('Lookups per second; open loop.'),
  seconds: z.number().min(0).describe('Per round.'),
});

const limits = z.strictObject({
  cpuBusy: z
    .number()
    .positive()
    .max(1)
    .describe('Share of a node’s processor time in use before a round begins, above which it is void.'),
  foreignPods: z.int().min(0).describe('Pods per node that are neither ours nor the cluster’s.'),
  eventLoopLagMs: z.number().positive().describe('p99 of the operator’s event-loop lag.'),
  scheduleSlipMs: z.number().positive().describe('p99 of how late pods and requests leave.'),
});

export const presetSchema = z.strictObject({
  description: z.string().min(1),
  rounds: z.int().min(1).describe('The round is the unit of every comparison.'),
  pods,
  network,
  api,
  dns,
  limits,
});

export type Preset = z.output<typeof presetSchema>;
