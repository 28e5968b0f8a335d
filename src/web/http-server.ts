import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** Answers a request; resolves when the answer is over, and never throws. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface HttpServerOptions {
  listen: { host: string; port: number };
  /** In PEM: speaks TLS 1.2 or later. */
  tls?: TlsFiles | undefined;
  /** @param isStalled whether the connection of a response was given up because nothing moved */
  handler: (isStalled: (response: ServerResponse) => boolean) => Handler;
  /** A connection on which nothing moves for this long is given up. Default: a minute. */
  idleTimeoutMs?: number | undefined;
}

export interface TlsFiles {
  /** With those that signed it. */
  cert: string;
  key: string;
}

export interface HttpServer {
  /** As bound: with port 0 the system has chosen one. */
  address: { host: string; port: number };
  /** Answers under way. */
  underWay: () => number;
  /**
   * Takes no more requests, lets answers under way end, and resolves when the last connection is gone.
   *
   * @param withinMs What is not over by then is cut. Default: it is waited for
   */
  close: (withinMs?: number) => Promise<void>;
}

const IDLE_TIMEOUT_MS = 60_000;
/** A request is a few hundred bytes, and a handshake not many more. */
const REQUEST_TIMEOUT_MS = 15_000;

/** @throws the system's error when the address or port cannot be had */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { listen, tls, handler, idleTimeoutMs = IDLE_TIMEOUT_MS } = options;
  const stalled = new WeakSet<Socket>();
  const answers = new Set<ServerResponse>();
  const connections = new Set<Socket>();
  const socketOf = ({ socket, req }: ServerResponse): Socket => socket ?? req.socket;
  const handle = handler((response) => stalled.has(socketOf(response)));
  const server = createAnyServer(tls);
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  server.on('request', (request, response) => {
    answers.add(response);
    void handle(request, response).finally(() => {
      answers.delete(response);
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
  await once(server, 'listening');
  const { address, port } = server.address() as AddressInfo;
  return {
    address: { host: address, port },
    underWay: () => answers.size,
    async close(withinMs) {
      const closed = once(server, 'close');
      server.close();
      // For Node.js a connection that never asked for anything is not idle, and nobody measures its time any more.
      const busy = new Set([...answers].map((answer) => peerOf(socketOf(answer))));
      for (const socket of connections) if (!busy.has(peerOf(socket))) socket.destroy();
      const limit = withinMs === undefined ? undefined : setTimeout(() => server.closeAllConnections(), withinMs);
      await closed;
      clearTimeout(limit);
    },
  };
}

function createAnyServer(tls: TlsFiles | undefined): Server {
  const limits = { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS };
  return tls === undefined
    ? createServer(limits)
    : createTlsServer({ ...limits, ...tls, handshakeTimeout: REQUEST_TIMEOUT_MS, minVersion: 'TLSv1.2' });
}

/** The same of a connection and of the TLS inside it, which are two sockets for Node.js. */
const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
