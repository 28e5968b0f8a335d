import { randomBytes } from 'node:crypto';
import { toDisklessError } from '../../../errors.js';
import { shellQuote } from '../../../ssh/quote.js';
import { parseIperf3 } from '../../iperf3.js';
import type { Preset } from '../../preset/preset-schema.js';
import type { NetworkSample } from '../../record/network-schema.js';
import { CONNECT_PORT, PORT } from '../manifests.js';
import type { RunClock } from '../run-clock.js';
import { IPERF3 } from '../tool-image.js';
import type { Cell } from './plan-cells.js';
import { connectTimes } from './round-trip.js';
import { type CellEnds, endsOf } from './targets.js';
import type { NodeTools } from './tool-pods.js';

export interface RunCellOptions {
  cell: Cell;
  round: number;
  network: Preset['network'];
  tools: ReadonlyMap<string, NodeTools>;
  /** Cores of the smaller node: more streams than that measure its scheduler. */
  cores: number;
  udpBitsPerSecond: number;
  clock: RunClock;
  signal: AbortSignal;
}

/** What iperf3 says when the path is to blame; everything else is our tool's or the connection's own failure. */
const PATH_FAILURE = /unable to connect|timed out|refused|unreachable|No route|reset by peer/i;

export interface MeasuredCell {
  sample: NetworkSample;
  /** How the tool itself failed, if it did. */
  broke: string | undefined;
}

/** Measures one cell. That a path carries nothing is a result; that a tool broke is none. */
export async function runCell(options: RunCellOptions): Promise<MeasuredCell> {
  const { cell, round, clock, signal } = options;
  const began = clock.now();
  try {
    const ends = endsOf(options.tools, cell);
    const result = cell.test === 'round-trip' ? await roundTrip(options, ends) : await throughput(options, ends);
    return { sample: { round, ...cell, began, result }, broke: undefined };
  } catch (error) {
    signal.throwIfAborted();
    const { code, message, detail } = toDisklessError(error);
    const told = detail ? `${message}: ${detail}` : message;
    const broke = code === 'iperf3-failed' && PATH_FAILURE.test(message) ? undefined : told;
    return { sample: { round, ...cell, began, result: { kind: 'failed', message: told } }, broke };
  }
}

/** Beside its own time: connecting, and the exchange of results at the end. */
const CELL_GRACE_MS = 15_000;

async function throughput(options: RunCellOptions, { client, address, port }: CellEnds) {
  const { signal } = options;
  const { seconds, omitSeconds } = secondsOf(options);
  const flags = [
    '-c',
    address,
    '-p',
    port(PORT),
    '-t',
    seconds,
    '-O',
    omitSeconds,
    '--json',
    '--connect-timeout',
    3000,
    ...testFlags(options),
  ];
  const id = `bench-${randomBytes(6).toString('hex')}`;
  const exec = ['ctr', '-n', 'k8s.io', 'tasks', 'exec', '--exec-id', id, client.containerId];
  const command = shellQuote(...exec, IPERF3, ...flags.map(String));
  // Not by the session's exec: that begins again after a lost connection, and would measure twice.
  const connection = await client.node.session.connection();
  const { stdout, stderr } = await connection.exec(command, {
    label: `iperf3 ${options.cell.path}/${options.cell.test}`,
    root: true,
    timeoutMs: (seconds + omitSeconds) * 1000 + CELL_GRACE_MS,
    signal,
  });
  return parseIperf3(stdout.trim() === '' ? stderr : stdout).result;
}

function secondsOf({ round, network }: RunCellOptions): { seconds: number; omitSeconds: number } {
  if (round === 0) return { seconds: network.warmUpSeconds, omitSeconds: 0 };
  return { seconds: network.seconds, omitSeconds: network.omitSeconds };
}

function testFlags({ cell, network, cores, udpBitsPerSecond }: RunCellOptions): (string | number)[] {
  if (cell.test === 'tcp-streams') return ['-P', Math.max(2, Math.min(network.streams, cores))];
  if (cell.test === 'tcp-reverse') return ['-R'];
  if (cell.test === 'udp') return ['-u', '-b', Math.round(udpBitsPerSecond)];
  return [];
}

function roundTrip({ network, round, signal }: RunCellOptions, { client, server, address, port }: CellEnds) {
  const count = round === 0 ? Math.min(10, network.roundTrips) : network.roundTrips;
  const intervalMs = network.roundTripIntervalMs;
  return connectTimes({ client, server, address, port: port(CONNECT_PORT), count, intervalMs, signal });
}
