import { loadPreset } from '../../../src/bench/preset/load-preset.js';
import { fingerprintOf } from '../../../src/bench/record/fingerprint.js';
import type { RunRecord } from '../../../src/bench/record/record-schema.js';
import type { Round, VoidReason } from '../../../src/bench/record/rounds-schema.js';
import { RUN_FORMAT, RUN_SCHEMA, STAGES, type Stage } from '../../../src/bench/record/terms.js';
import { syntheticEnvironment } from './environment.js';
import { networkOfRound } from './network.js';
import { coldPods, podsOfRound } from './pods.js';
import { createRandom, rounded } from './random.js';
import { apiOfRound, dnsOfRound, etcdOfRound } from './requests.js';

export interface SyntheticOptions {
  seed?: number;
  preset?: string;
  /** As given with `--set`. */
  overrides?: readonly string[];
  nodes?: readonly string[];
  startedAt?: string;
  kubernetes?: string;
  networkMode?: 'routed' | 'vxlan';
  /** undefined as a value: virtual links. Default 10 Gbit/s. */
  link?: number | 'virtual';
  stages?: readonly Stage[];
  slowness?: number;
  podFactor?: number;
  neverEvery?: number;
  stallMs?: number;
  slowNode?: { node: string; factor: number };
  /** Rounds that do not count, and why. */
  void?: Readonly<Record<number, VoidReason>>;
}

const ROUND_MS = 240_000;

/**
 * A run that nobody measured: drawn from distributions that look like a small cluster's, the same for the same seed.
 * For drawings and for the shape of records; claims about statistics are tested with tables and recorded data.
 */
export async function syntheticRun(options: SyntheticOptions = {}): Promise<RunRecord> {
  const { seed = 1, preset: name = 'standard', overrides = [], nodes = ['s4', 's5', 's6'], stages = STAGES } = options;
  const {
    startedAt = '2026-11-20T10:15:30.123Z',
    networkMode = 'routed',
    kubernetes = '1.36.4',
    link = 10e9,
  } = options;
  const preset = await loadPreset({ name, overrides });
  const random = createRandom(seed);
  const physical = link === 'virtual' ? {} : { linkBitsPerSecond: link };
  const environment = syntheticEnvironment({ nodes, networkMode, kubernetes, ...physical });
  const stall = options.stallMs === undefined ? {} : { stallMs: options.stallMs };
  const never = options.neverEvery === undefined ? {} : { neverEvery: options.neverEvery };
  const slow = options.slowNode === undefined ? {} : { slowNode: options.slowNode };
  const pods = { random, preset, nodes, stages, slowness: options.slowness ?? 1, ...never, ...stall };
  const encapsulation = networkMode === 'vxlan' ? 0.965 : 1;
  const network = { random, preset, nodes, encapsulation, podFactor: options.podFactor ?? 1, ...physical, ...slow };
  const requests = { random, preset, nodes, ...stall };
  const began = (round: number): number => 20_000 + (round - 1) * ROUND_MS;
  const numbers = Array.from({ length: preset.rounds }, (_, index) => index + 1);
  const networkSamples = numbers.flatMap((round) => networkOfRound(network, round, began(round) + 30_000));
  const order = (round: number): string[] =>
    networkSamples
      .filter((sample) => sample.round === round)
      .map(({ path, test, from, to }) => `${path}/${test} ${from}>${to}`);
  return {
    format: RUN_FORMAT,
    schema: RUN_SCHEMA,
    id: startedAt.replaceAll(':', '-'),
    software: { version: '0.1.0', commit: null },
    startedAt,
    endedAt: new Date(Date.parse(startedAt) + 20_000 + preset.rounds * ROUND_MS).toISOString(),
    outcome: 'complete',
    seed,
    preset: { name, values: preset, overrides: [...overrides] },
    environment,
    fingerprint: fingerprintOf(environment, preset),
    rounds: [0, ...numbers].map((round) => roundOf(round, began(round), order(round), options)),
    pods: {
      stages: [...stages],
      samples: [
        ...(preset.pods.cold ? coldPods(pods) : []),
        ...numbers.flatMap((round) => podsOfRound(pods, round, began(round))),
      ],
      kubelet: {
        unavailable: null,
        nodes: nodes.map((node) => ({
          node,
          histogram: 'kubelet_pod_start_sli_duration_seconds',
          count: Math.round(preset.pods.count / nodes.length),
          sumSeconds: rounded((preset.pods.count / nodes.length) * 1.23),
        })),
      },
    },
    network: {
      mtu: nodes.length < 2 ? [] : [{ path: 'pod', from: nodes[0] ?? '', to: nodes[1] ?? '', mtu: 1500, passed: true }],
      leftOut:
        nodes.length < 2 ? [{ path: 'pod', reason: 'needs two nodes that run pods, and there is one' } as const] : [],
      samples: networkSamples,
    },
    api: {
      unavailable: null,
      samples: numbers.flatMap((round) => apiOfRound(requests, round, began(round) + 200_000)),
    },
    dns: { unavailable: null, samples: numbers.flatMap((round) => dnsOfRound(requests, round)) },
    etcd: {
      unavailable: null,
      filesystem: 'tmpfs',
      samples: numbers.flatMap((round) => etcdOfRound(random, round, nodes.slice(0, 3))),
    },
    observer: {
      cpuSeconds: 21.4,
      wallSeconds: 20 + (preset.rounds * ROUND_MS) / 1000,
      maxResidentBytes: 143_000_000,
      eventLoopLagMs: { p50: 0.4, p99: 2.1, max: 9.8 },
    },
    findings: [],
  };
}

function roundOf(
  round: number,
  began: number,
  order: string[],
  { nodes = ['s4', 's5', 's6'], void: voids = {} }: SyntheticOptions,
): Round {
  const reason = voids[round];
  return {
    round,
    began: round === 0 ? 0 : began,
    ended: round === 0 ? 20_000 : began + ROUND_MS - 5000,
    order,
    load: nodes.map((node) => ({
      node,
      load1: reason === undefined ? 0.31 : 14.2,
      cpuBusy: reason === undefined ? 0.02 : 0.83,
      pressure: { cpu: 0.1, io: 0, memory: 0 },
      foreignPods: 0,
    })),
    eventLoopLagMs: { p50: 0.4, p99: 2.1, max: 9.8 },
    scheduleSlipMs: { p50: 0.25, p99: 0.71, max: 3.4 },
    void: reason === undefined ? [] : [reason],
  };
}

/** A cluster on which everything was tried and nothing worked. */
export async function brokenRun(options: SyntheticOptions = {}): Promise<RunRecord> {
  const record = await syntheticRun(options);
  for (const pod of record.pods.samples) {
    for (const stage of record.pods.stages) pod.at[stage] = null;
    Object.assign(pod, { node: null, failure: 'the API server did not answer' });
  }
  for (const sample of record.network.samples)
    sample.result = { kind: 'failed', message: 'unable to connect to server' };
  for (const sample of record.api.samples) Object.assign(sample, { done: null, status: null, failure: 'no answer' });
  for (const sample of record.dns.samples) Object.assign(sample, { latencyMs: null, failure: 'no answer' });
  return record;
}
