import { once } from 'node:events';
import { connect } from 'node:net';
import { deadline } from '../abort.js';
import { DisklessError } from '../errors.js';
import type { OpenStream, TlsIdentity } from '../http/secure-stream.js';
import { createKubeClient } from './client.js';

export interface ContextEndpoint {
  /** Context name in the kubeconfig. */
  context: string;
  node: string;
  host: string;
  port: number;
}

export interface PickLivingContextOptions {
  endpoints: readonly ContextEndpoint[];
  tls: TlsIdentity;
  signal: AbortSignal;
  /** Default 3 s. */
  timeoutMs?: number;
}

/** Asks all control planes at once, straight over the network as kubectl will; the first ready one wins. */
export async function pickLivingContext(options: PickLivingContextOptions): Promise<string> {
  const { endpoints, signal } = options;
  const others = deadline({ parent: signal });
  try {
    return await Promise.any(endpoints.map((endpoint) => probe(options, endpoint, others.signal)));
  } catch (error) {
    signal.throwIfAborted();
    throw noneLives(endpoints, error);
  } finally {
    others.release();
    others.abort();
  }
}

async function probe(
  { tls, timeoutMs = 3_000 }: PickLivingContextOptions,
  { context, node, host, port }: ContextEndpoint,
  signal: AbortSignal,
): Promise<string> {
  const client = createKubeClient({ node, connect: directly(host, port), serverName: host, tls, maxSockets: 1 });
  try {
    const { status } = await client.raw('/readyz', { signal, timeoutMs });
    if (status === 200) return context;
    throw new Error(`kube-apiserver of ${node} answers /readyz with HTTP ${status}`);
  } finally {
    client.close();
  }
}

function directly(host: string, port: number): OpenStream {
  return async (signal) => {
    const socket = connect({ host, port, noDelay: true });
    try {
      await once(socket, 'connect', { signal });
      return socket;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  };
}

function noneLives(endpoints: readonly ContextEndpoint[], error: unknown): DisklessError {
  const reasons = error instanceof AggregateError ? error.errors : [error];
  return new DisklessError({
    code: 'kube-unreachable',
    message: `no control plane answers: tried ${endpoints.map(({ host, port }) => `${host}:${port}`).join(', ')}`,
    detail: reasons.map((reason) => (reason instanceof Error ? reason.message : String(reason))).join('\n'),
    hint: 'if the machines were rebooted, k8s-diskless up brings the cluster back',
    cause: error,
  });
}
