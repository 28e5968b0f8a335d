import { DisklessError } from '../../../errors.js';
import { shellQuote } from '../../../ssh/quote.js';
import type { RemoteProcess } from '../../../ssh/transport.js';
import type { NetworkSample } from '../../record/network-schema.js';
import { CONNECT_PORT } from '../manifests.js';
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
const SCRIPT = `
address=$1 port=$2 count=$3 pause=$4
exec 4<> <(:)
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
`;

/** Beside its own time: what a handshake that gets no answer may take. */
const GRACE_MS = 20_000;

export async function connectTimes(options: ConnectTimesOptions): Promise<NetworkSample['result']> {
  const { server, signal } = options;
  const listener = await listen(server, signal);
  try {
    return await timeConnects(options);
  } finally {
    listener.stdin.end();
    await listener.result.catch(() => undefined);
  }
}

/**
 * The kernel answers handshakes for a socket that listens, up to its backlog (net.core.somaxconn, 4096), and iperf3
 * closes its own between tests: so systemd opens one, for a process that never looks at it.
 */
const LISTENER = `
systemd-socket-activate -l 0.0.0.0:${CONNECT_PORT} sleep infinity 2>&1 &
read -r || :
kill $!
`;

async function listen({ node, pid }: ToolEndpoint, signal: AbortSignal): Promise<RemoteProcess> {
  const connection = await node.session.connection();
  const command = `nsenter -t ${pid} -n bash -c ${shellQuote(LISTENER)}`;
  const listener = await connection.open(command, { label: 'listen for handshakes', root: true, signal });
  listener.result.catch(() => undefined);
  for await (const chunk of listener.stdout.iterator({ destroyOnReturn: false }))
    if (String(chunk).includes('Listening')) return listener;
  throw new DisklessError({
    code: 'round-trip-failed',
    host: node.name,
    message: 'systemd-socket-activate does not listen',
  });
}

async function timeConnects(options: ConnectTimesOptions): Promise<NetworkSample['result']> {
  const { client, address, port, count, intervalMs, signal } = options;
  const args = [address, port, count, (intervalMs / 1000).toFixed(4)].join(' ');
  const { stdout, stderr, exitCode } = await client.node.session.exec(
    `nsenter -t ${client.pid} -n bash -s -- ${args}`,
    { label: 'time handshakes', root: true, input: SCRIPT, timeoutMs: count * intervalMs + GRACE_MS, signal },
  );
  const answers = stdout.split('\n').filter(Boolean);
  if (exitCode !== 0 || answers.length !== count)
    throw new DisklessError({
      code: 'round-trip-failed',
      host: client.node.name,
      message: `handshakes with ${address}:${port} could not be timed`,
      detail: stderr.trim().slice(-1000),
    });
  const samplesMs = answers.filter((answer) => answer !== 'lost').map((answer) => Math.max(0, Number(answer)) / 1000);
  if (samplesMs.length > 0) return { kind: 'round-trip', method: 'tcp-connect', sent: count, samplesMs };
  return { kind: 'failed', message: `none of ${count} handshakes with ${address}:${port} was answered` };
}
