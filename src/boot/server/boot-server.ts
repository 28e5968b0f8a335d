import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type DisklessError, usageError } from '../../errors.js';
import type { BootEventBody } from './boot-events.js';
import { bootHandler } from './handler.js';
import type { Resources } from './resources.js';

export interface BootServerOptions {
  resources: Resources;
  listen: { host: string; port: number };
  emit: (event: BootEventBody) => void;
  monotonicMs: () => number;
  /** A connection on which nothing moves for this long is given up. Default: a minute. */
  idleTimeoutMs?: number;
}

export interface BootServer {
  /** As bound: with port 0 the system has chosen one. */
  address: { host: string; port: number };
  /** Takes no more requests, lets transfers under way end, and resolves when the last connection is gone. */
  close: () => Promise<void>;
}

const IDLE_TIMEOUT_MS = 60_000;
/** A request is a few hundred bytes. */
const REQUEST_TIMEOUT_MS = 15_000;

/** @throws usage error (exit 2) when the address or port cannot be had */
export async function startBootServer(options: BootServerOptions): Promise<BootServer> {
  const { resources, listen, emit, monotonicMs, idleTimeoutMs = IDLE_TIMEOUT_MS } = options;
  const stalled = new WeakSet<Socket>();
  const transfers = new Set<ServerResponse>();
  const connections = new Set<Socket>();
  const socketOf = ({ socket, req }: ServerResponse): Socket => socket ?? req.socket;
  const isStalled = (response: ServerResponse): boolean => stalled.has(socketOf(response));
  const handle = bootHandler({ resources, emit, monotonicMs, isStalled });
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS });
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  server.on('request', (request, response) => {
    transfers.add(response);
    void handle(request, response).finally(() => {
      transfers.delete(response);
      // A connection kept for a next request would hold up the end.
      if (!server.listening) setImmediate(() => server.closeIdleConnections());
    });
  });
  server.timeout = idleTimeoutMs;
  server.on('timeout', (socket) => {
    stalled.add(socket);
    socket.destroy();
  });
  server.listen(listen.port, listen.host);
  await once(server, 'listening').catch((cause: NodeJS.ErrnoException) => {
    throw cannotListen(listen, cause);
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    address: { host: address, port },
    async close() {
      emit({ type: 'stopping', transfers: transfers.size });
      const closed = once(server, 'close');
      server.close();
      // For Node.js a connection that never asked for anything is not idle, and nobody measures its time any more.
      const busy = new Set([...transfers].map(socketOf));
      for (const socket of connections) if (!busy.has(socket)) socket.destroy();
      await closed;
    },
  };
}

const REASONS: Readonly<Record<string, { problem: string; hint: string }>> = {
  EADDRINUSE: {
    problem: 'something else listens there already',
    hint: 'stop it (`ss -ltnp` names it), or choose another port with --listen and --url',
  },
  EADDRNOTAVAIL: {
    problem: 'this machine has no such address',
    hint: 'name one of its own with --listen; 0.0.0.0:PORT binds to all of them',
  },
  EACCES: { problem: 'ports below 1024 are for root', hint: 'choose another port with --listen and --url' },
};

function cannotListen({ host, port }: { host: string; port: number }, cause: NodeJS.ErrnoException): DisklessError {
  const { problem, hint } = REASONS[cause.code ?? ''] ?? { problem: cause.message, hint: 'name another with --listen' };
  return usageError({ code: 'cannot-listen', message: `cannot listen on ${host}:${port}: ${problem}`, hint, cause });
}
