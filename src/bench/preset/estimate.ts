import type { Preset } from './preset-schema.js';

/** Starting iperf3 in a pod and at the other end, and fetching what it says. */
const CELL_OVERHEAD_SECONDS = 0.7;
/** Of pods that are started, watched and removed again, beside the time their timetable takes. */
const POD_TAIL_SECONDS = 5;

/** About how long a run of the preset takes on this many nodes, in seconds. */
export function estimatedSeconds(preset: Preset, nodes: number): number {
  const { rounds, pods, api, dns, network } = preset;
  const paced = pods.count / pods.rate + (pods.count > 0 ? rounds * POD_TAIL_SECONDS : 0);
  const burst = pods.burstPerNode > 0 ? rounds * (pods.burstPerNode / 2 + POD_TAIL_SECONDS) : 0;
  const warmUp = network.warmUpSeconds > 0 ? cells(preset, nodes, network.warmUpSeconds) : 0;
  const measured = rounds * (cells(preset, nodes, network.seconds + network.omitSeconds) + api.seconds + dns.seconds);
  return paced + burst + warmUp + measured + (pods.cold ? POD_TAIL_SECONDS : 0);
}

/** Node pairs measured within one round. */
export function pairsPerRound({ network }: Pick<Preset, 'network'>, nodes: number): number {
  if (nodes < 2) return 0;
  return network.pairs === 'all' ? (nodes * (nodes - 1)) / 2 : 1;
}

/** Cells run one after the other, so that none disturbs another. */
function cells({ network }: Preset, nodes: number, throughputSeconds: number): number {
  const perCell = (test: string): number =>
    CELL_OVERHEAD_SECONDS +
    (test === 'round-trip' ? (network.roundTrips * network.roundTripIntervalMs) / 1000 : throughputSeconds);
  const perPath = network.tests.reduce((sum, test) => sum + perCell(test), 0);
  const between = network.paths.filter((path) => path !== 'pod-same-node').length;
  const within = network.paths.length - between;
  const places = network.pairs === 'all' ? nodes : 1;
  return perPath * (between * pairsPerRound({ network }, nodes) + within * places);
}
