import type { Preset } from '../../../src/bench/preset/preset-schema.js';
import type { NetworkSample } from '../../../src/bench/record/network-schema.js';
import type { Path, Test } from '../../../src/bench/record/terms.js';
import { type Random, rounded } from './random.js';

export interface SyntheticNetwork {
  random: Random;
  preset: Preset;
  nodes: readonly string[];
  linkBitsPerSecond?: number;
  /** Goodput of pods across nodes is multiplied by it. */
  podFactor: number;
  /** Share of the wire that encapsulation leaves to pods. */
  encapsulation: number;
  /** A link of this node that gives less. */
  slowNode?: { node: string; factor: number };
}

/** What each path keeps of the host's goodput, and adds to the host's round trip. */
const PATH_COST: Record<Path, { keeps: number; addsMs: number }> = {
  host: { keeps: 1, addsMs: 0 },
  'pod-same-node': { keeps: 3.1, addsMs: -0.055 },
  pod: { keeps: 0.972, addsMs: 0.017 },
  'cluster-ip': { keeps: 0.951, addsMs: 0.022 },
  'node-port': { keeps: 0.933, addsMs: 0.026 },
};
/** A veth of the lab, bounded by the processor. */
const VIRTUAL_BITS_PER_SECOND = 21e9;
const GOODPUT_SHARE = 0.9415;

export function networkOfRound(network: SyntheticNetwork, round: number, began: number): NetworkSample[] {
  const { preset, random, nodes } = network;
  const { paths, tests, seconds, omitSeconds } = preset.network;
  const pairs = pairsOf(network, round);
  const within = preset.network.pairs === 'all' ? nodes : pairs.map(([from]) => from);
  const places = (path: Path): [string, string][] =>
    path === 'pod-same-node' ? within.map((node) => [node, node]) : nodes.length > 1 ? pairs : [];
  const cells = paths.flatMap((path) =>
    places(path).flatMap(([from, to]) => tests.map((test) => ({ path, test, from, to }))),
  );
  return random.shuffled(cells).map((cell, index) => ({
    round,
    ...cell,
    began: rounded(began + index * (seconds + omitSeconds + 0.7) * 1000),
    result: resultOf(network, cell.path, cell.test, [cell.from, cell.to]),
  }));
}

function pairsOf({ preset, nodes }: SyntheticNetwork, round: number): [string, string][] {
  const ring = nodes.map((node, index): [string, string] => [node, nodes[(index + 1) % nodes.length] ?? node]);
  if (preset.network.pairs === 'all')
    return nodes.flatMap((a, index) => nodes.slice(index + 1).map((b): [string, string] => [a, b]));
  const at = preset.network.pairs === 'one' ? 0 : Math.max(0, round - 1) % ring.length;
  return ring.slice(at, at + 1);
}

function resultOf(network: SyntheticNetwork, path: Path, test: Test, ends: readonly string[]): NetworkSample['result'] {
  const { random, preset, linkBitsPerSecond, podFactor, slowNode, encapsulation } = network;
  if (test === 'round-trip') {
    const median = 0.082 + PATH_COST[path].addsMs;
    const samplesMs = Array.from({ length: preset.network.roundTrips }, () => rounded(random.latency(median, 0.12)));
    return { kind: 'round-trip', method: 'tcp-connect', sent: samplesMs.length, samplesMs };
  }
  const across = path !== 'pod-same-node';
  const slow = across && slowNode !== undefined && ends.includes(slowNode.node) ? slowNode.factor : 1;
  const factor = (path === 'host' ? 1 : podFactor) * slow;
  const limit = (linkBitsPerSecond ?? VIRTUAL_BITS_PER_SECOND) * GOODPUT_SHARE * (path === 'host' ? 1 : encapsulation);
  const oneStream = limit * 0.994 * PATH_COST[path].keeps * factor;
  const several = test === 'tcp-streams' ? Math.max(oneStream, limit * 0.999 * factor) : oneStream;
  const ceiling = across ? limit * 0.9995 : Number.POSITIVE_INFINITY;
  const goodput = Math.min(ceiling, random.normal(several, several * (test === 'tcp-streams' ? 0.0008 : 0.006)));
  return test === 'udp' ? udp(network, goodput) : tcp(network, test, goodput);
}

function tcp({ random, preset }: SyntheticNetwork, test: Test, goodput: number): NetworkSample['result'] {
  const streams = test === 'tcp-streams' ? preset.network.streams : 1;
  const retransmits = Math.round(random.latency(14, 1));
  return {
    kind: 'tcp',
    streams,
    reverse: test === 'tcp-reverse',
    seconds: preset.network.seconds,
    bitsPerSecond: Math.round(goodput),
    sentBitsPerSecond: Math.round(goodput * 1.0008),
    retransmits,
    mss: 1448,
    congestion: 'cubic',
    rttMs: test === 'tcp-reverse' ? null : { min: 0.31, mean: rounded(random.latency(0.62, 0.1)), max: 1.48 },
    pathMtu: test === 'tcp-reverse' ? null : 1500,
    cpuPercent: { sender: rounded(random.normal(38, 2)), receiver: rounded(random.normal(61, 3)) },
    perStream: Array.from({ length: streams }, () => Math.round(goodput / streams)),
    intervals: intervals(preset, random, goodput),
  };
}

function udp({ random, preset, linkBitsPerSecond }: SyntheticNetwork, goodput: number): NetworkSample['result'] {
  const { udpLinkShare, udpMegabits, seconds } = preset.network;
  const target = linkBitsPerSecond === undefined ? udpMegabits * 1e6 : linkBitsPerSecond * udpLinkShare;
  const lossShare = random.latency(0.0009, 0.6);
  const sent = Math.min(target, goodput);
  const datagrams = Math.round((sent * seconds) / (1448 * 8));
  return {
    kind: 'udp',
    targetBitsPerSecond: target,
    payloadBytes: 1448,
    seconds,
    bitsPerSecond: Math.round(sent * (1 - lossShare)),
    sentBitsPerSecond: Math.round(sent),
    datagrams,
    lost: Math.round(datagrams * lossShare),
    outOfOrder: 0,
    jitterMs: rounded(random.latency(0.008, 0.2)),
    cpuPercent: { sender: 88, receiver: 71 },
    intervals: intervals(preset, random, sent),
  };
}

function intervals(preset: Preset, random: Random, goodput: number) {
  return Array.from({ length: Math.ceil(preset.network.seconds) }, (_, second) => ({
    startSeconds: second,
    endSeconds: second + 1,
    bitsPerSecond: Math.round(random.normal(goodput, goodput * 0.004)),
    retransmits: null,
  }));
}
