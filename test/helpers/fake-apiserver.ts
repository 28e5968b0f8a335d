import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { OpenStream, TlsIdentity } from '../../src/http/secure-stream.js';
import { createKubeClient, type KubeClient } from '../../src/kube/client.js';

/**
 * A kube-apiserver for what the real one does not do on demand: 410 Gone, chunks cut anywhere, stalls, resets.
 * Every request must be scripted; what is not gets a 404 Status.
 */
export interface FakeApiServer {
  readonly port: number;
  readonly requests: RecordedRequest[];
  /** Connections accepted so far. */
  readonly connections: () => number;
  /** Opens a plain Duplex, as an SSH channel is one, not a net.Socket. */
  readonly open: OpenStream;
  /** The answer to a method and path (without query); several for the same are used up in order, the last stays. */
  on(method: string, path: string, ...handlers: Handler[]): FakeApiServer;
  /** Cuts every connection. */
  reset(): void;
  client(identity: TlsIdentity, node?: string): KubeClient;
  close(): Promise<void>;
}

export interface RecordedRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: string;
}

export type Handler = (exchange: { request: RecordedRequest; response: ServerResponse }) => void | Promise<void>;

export function answer(status: number, body: unknown, headers: Record<string, string> = {}): Handler {
  return ({ response }) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
  };
}

export function refuse(code: number, reason: string, message = reason): Handler {
  return answer(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code });
}

/** Sends the pieces one after another, each on the wire before the next; then ends, or stays open. */
export function trickle(pieces: readonly (string | Buffer)[], then: 'end' | 'stay' | 'reset' = 'stay'): Handler {
  return async ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    for (const piece of pieces) {
      await new Promise<void>((resolve) => response.write(piece, () => resolve()));
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (then === 'end') response.end();
    if (then === 'reset') response.socket?.destroy();
  };
}

export const stall: Handler = () => undefined;

export const cut: Handler = ({ response }) => void response.socket?.destroy();

export async function startFakeApiServer(tls: TlsIdentity): Promise<FakeApiServer> {
  const script = new Map<string, Handler[]>();
  const requests: RecordedRequest[] = [];
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server = createServer({ ...tls, requestCert: true, rejectUnauthorized: false }, async (incoming, response) => {
    const url = new URL(incoming.url ?? '/', 'https://fake');
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part);
    const body = Buffer.concat(parts).toString('utf8');
    const { method = '', headers } = incoming;
    const request = { method, path: url.pathname, query: url.searchParams, headers, body };
    requests.push(request);
    const handlers = script.get(`${method} ${url.pathname}`) ?? [];
    const handler = handlers.length > 1 ? handlers.shift() : handlers[0];
    await (handler ?? refuse(404, 'NotFound'))({ request, response });
  });
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket)).on('error', () => undefined);
  });
  // A client that gives up in the handshake is part of some tests.
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const open: OpenStream = async () => asPlainDuplex(await connected(port));
  const fake: FakeApiServer = {
    port,
    requests,
    connections: () => accepted,
    open,
    on(method, path, ...handlers) {
      script.set(`${method} ${path}`, handlers);
      return fake;
    },
    reset() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    client: (identity, node = 's4') =>
      createKubeClient({ node, connect: open, serverName: '127.0.0.1', tls: identity }),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      if (server.listening) await once(server, 'close');
    },
  };
  return fake;
}

async function connected(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
}

export function asPlainDuplex(socket: Socket): Duplex {
  const duplex: Duplex = new Duplex({
    read: () => void socket.resume(),
    write: (chunk, encoding, done) => void socket.write(chunk, encoding, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (chunk) => {
    if (!duplex.push(chunk)) socket.pause();
  });
  socket.once('end', () => duplex.push(null));
  socket.once('error', (error) => duplex.destroy(error));
  socket.once('close', () => duplex.destroy());
  return duplex;
}
