import { DisklessError } from '../../../errors.js';
import { scriptText } from '../../../node/script-text.js';
import { bashReader } from '../../../ssh/bash-script.js';
import type { RemoteProcess } from '../../../ssh/transport.js';
import type { NetworkSample } from '../../record/network-schema.js';
import { CONNECT_PORT } from '../manifests.js';
import { timedLines, timingScript } from '../wall-clock.js';
import type { ToolEndpoint } from './tool-pods.js';

export interface ConnectTimesOptions {
  client: ToolEndpoint;
  server: ToolEndpoint;
  address: string;
  port: number;
  count: number;
  intervalMs: number;
  signal: AbortSignal;
}

const LISTENER = scriptText('listen.bash');

/** Beside its own time: what a handshake that gets no answer may take. */
const GRACE_MS = 20_000;

/**
 * Times TCP handshakes from within the client's network namespace. Both kernels answer by themselves, so that no
 * process at the far end is part of it; unlike ICMP it takes the way of services, and meets each rule of theirs.
 */
export async function connectTimes(options: ConnectTimesOptions): Promise<NetworkSample['result']> {
  const listener = await listen(options);
  try {
    return await timeConnects(options);
  } finally {
    listener.stdin.end();
    await listener.result.catch(() => undefined);
  }
}

/** iperf3 closes its socket between tests: another one listens for as long as this process has its stdin. */
async function listen({ server, count, intervalMs, signal }: ConnectTimesOptions): Promise<RemoteProcess> {
  const { node, pid } = server;
  const connection = await node.session.connection();
  const command = bashReader(LISTENER, 'listen', String(CONNECT_PORT));
  const listener = await connection.open(`nsenter -t ${pid} -n ${command}`, {
    label: 'listen for handshakes',
    root: true,
    timeoutMs: count * intervalMs + 2 * GRACE_MS,
    signal,
  });
  listener.result.catch(() => undefined);
  let said = '';
  for await (const chunk of listener.stdout.iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    if (said.includes('Listening')) return listener;
  }
  throw new DisklessError({
    code: 'round-trip-failed',
    host: node.name,
    message: `nothing listens on port ${CONNECT_PORT}`,
    detail: said.trim().slice(-500),
  });
}

async function timeConnects(options: ConnectTimesOptions): Promise<NetworkSample['result']> {
  const { client, address, port, count, intervalMs, signal } = options;
  const pause = (intervalMs / 1000).toFixed(4);
  const { command, ...script } = timingScript('handshakes', address, String(port), String(count), pause);
  const { stdout, stderr } = await client.node.session.exec(`nsenter -t ${client.pid} -n ${command}`, {
    label: 'time handshakes',
    root: true,
    ...script,
    timeoutMs: count * intervalMs + GRACE_MS,
    signal,
  });
  const answers = timedLines(stdout, client.node.name);
  if (answers?.length !== count)
    throw new DisklessError({
      code: 'round-trip-failed',
      host: client.node.name,
      message: `handshakes with ${address}:${port} could not be timed`,
      detail: stderr.trim().slice(-1000),
    });
  const samplesMs = answers.filter((answer) => answer !== 'lost').map((answer) => Number(answer) / 1000);
  if (samplesMs.length > 0) return { kind: 'round-trip', method: 'tcp-connect', sent: count, samplesMs };
  return { kind: 'failed', message: `none of ${count} handshakes with ${address}:${port} was answered` };
}
