import { DisklessError } from '../../../errors.js';
import { shellQuote } from '../../../ssh/quote.js';
import type { RemoteProcess } from '../../../ssh/transport.js';
import type { NetworkSample } from '../../record/network-schema.js';
import { CONNECT_PORT } from '../manifests.js';
import { CLOCK_FUNCTIONS, timedLines } from '../wall-clock.js';
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

/**
 * Times TCP handshakes from within the client's network namespace. Both kernels answer by themselves, so that no
 * process at the far end is part of it; unlike ICMP it takes the way of services, and meets each rule of theirs.
 * Bash, because CoreOS has nothing else that opens sockets; its own share is some 0.1 ms, the same on every path.
 */
const SCRIPT = `${CLOCK_FUNCTIONS}
address=$1 port=$2 count=$3 pause=$4
exec 4<> <(:)
clock_begin
for ((i = 0; i < count; i++)); do
  from=$EPOCHREALTIME
  if { exec 3<>"/dev/tcp/$address/$port"; } 2>/dev/null; then
    to=$EPOCHREALTIME
    echo $((\${to/[.,]/} - \${from/[.,]/}))
    exec 3>&-
  else
    echo lost
  fi
  read -rt "$pause" -u 4 || :
done
clock_end
`;

/** Beside its own time: what a handshake that gets no answer may take. */
const GRACE_MS = 20_000;

export async function connectTimes(options: ConnectTimesOptions): Promise<NetworkSample['result']> {
  const listener = await listen(options);
  try {
    return await timeConnects(options);
  } finally {
    listener.stdin.end();
    await listener.result.catch(() => undefined);
  }
}

/**
 * The kernel answers handshakes for a socket that listens, up to its backlog (net.core.somaxconn, 4096), and iperf3
 * closes its own between tests: so systemd opens one, for a process that never looks at it. It ends with our end of the
 * connection, and we with it, or else a port that is taken would keep both waiting.
 */
const LISTENER = `
{
  systemd-socket-activate -l 0.0.0.0:${CONNECT_PORT} sleep infinity 2>&1 &
  trap "kill $!" TERM
  wait $!
  kill $$
} &
read -r
kill $!
wait
`;

async function listen({ server, count, intervalMs, signal }: ConnectTimesOptions): Promise<RemoteProcess> {
  const { node, pid } = server;
  const connection = await node.session.connection();
  const listener = await connection.open(`nsenter -t ${pid} -n bash -c ${shellQuote(LISTENER)}`, {
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
  const args = shellQuote(address, String(port), String(count), (intervalMs / 1000).toFixed(4));
  const { stdout, stderr } = await client.node.session.exec(`nsenter -t ${client.pid} -n bash -s -- ${args}`, {
    label: 'time handshakes',
    root: true,
    input: SCRIPT,
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
