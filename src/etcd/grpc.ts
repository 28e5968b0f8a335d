import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import { createSecureContext, type TLSSocket } from 'node:tls';
import { onAbort } from '../abort.js';
import { type OpenStream, secureStream, type TlsIdentity } from '../http/secure-stream.js';
import { type Served, transportError } from '../http/transport-error.js';
import { etcdRefusal } from './errors.js';

/*
 * gRPC as etcd's client port speaks it: HTTP/2, and in each direction messages behind five bytes of prefix. For what the
 * JSON gateway is not fit for, which are answers in many parts (docs/decisions/0021-grpc-for-streams.md).
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */

export interface GrpcServer extends Omit<Served, 'service'> {
  host: string;
  open: OpenStream;
  serverName: string;
  identity: TlsIdentity;
}

export interface GrpcCall {
  /** e.g. `/etcdserverpb.Maintenance/Snapshot`. */
  method: string;
  /** What errors say was asked, e.g. `a snapshot`. */
  operation: string;
  metadata?: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

/** A call in which both sides send messages, over a connection of its own. */
export interface GrpcStream {
  /** @param message protobuf */
  send(message: Buffer): void;
  /** Nothing more is sent; answers go on. */
  sent(): void;
  /**
   * Its messages, as long as they are asked for: the sender is held back meanwhile. Ends when the server says that it is
   * done, throws otherwise; leaving the loop ends the call.
   */
  messages(): AsyncGenerator<Buffer>;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** What may be under way: enough for a fast link that is far away, and all that a slow reader has in memory. */
const WINDOW_BYTES = 4 * 1024 * 1024;
const PREFIX_BYTES = 5;
const GRPC_OK = 0;

export async function openGrpc(server: GrpcServer, call: GrpcCall): Promise<GrpcStream> {
  const asServed: Served = { ...server, service: 'etcd' };
  try {
    const socket = await secureStream({
      open: server.open,
      serverName: server.serverName,
      context: createSecureContext(server.identity),
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      protocols: ['h2'],
      signal: call.signal,
    });
    return new Call(await openSession(socket, call.signal), asServed, call);
  } catch (error) {
    throw call.signal.aborted ? call.signal.reason : transportError(asServed, call.operation, error);
  }
}

function openSession(socket: TLSSocket, signal: AbortSignal): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const settings = { initialWindowSize: WINDOW_BYTES, enablePush: false };
    const session = connect('https://etcd', { createConnection: () => socket, settings });
    const release = onAbort(signal, () => session.destroy());
    const failed = (error: Error = new Error('the connection was closed')): void => {
      release();
      reject(error);
    };
    session.once('error', failed).once('close', failed);
    session.once('connect', () => {
      release();
      session.off('error', failed).off('close', failed);
      session.setLocalWindowSize(WINDOW_BYTES);
      resolve(session);
    });
  });
}

class Call implements GrpcStream {
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #server: Served;
  readonly #call: GrpcCall;
  #headers: IncomingHttpHeaders = {};
  #trailers: IncomingHttpHeaders = {};
  #lost: Error | undefined;

  constructor(session: ClientHttp2Session, server: Served, call: GrpcCall) {
    this.#session = session;
    this.#server = server;
    this.#call = call;
    this.#stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: call.method,
      [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
      [constants.HTTP2_HEADER_TE]: 'trailers',
      ...call.metadata,
    });
    const lose = (error: Error): void => {
      this.#lost ??= error;
    };
    // A session's errors reach its streams, but not those that have ended already.
    session.on('error', lose);
    this.#stream.on('error', lose);
    this.#stream.on('response', (headers) => {
      this.#headers = headers;
    });
    this.#stream.on('trailers', (headers) => {
      this.#trailers = headers;
    });
  }

  send(message: Buffer): void {
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.writeUInt32BE(message.length, 1);
    this.#stream.write(Buffer.concat([prefix, message]));
  }

  sent(): void {
    this.#stream.end();
  }

  async *messages(): AsyncGenerator<Buffer> {
    const { signal, operation } = this.#call;
    const release = onAbort(signal, () => this.#stream.destroy());
    try {
      yield* unframed(this.#stream);
      signal.throwIfAborted();
      if (this.#lost) throw this.#lost;
      this.#requireOk();
    } catch (error) {
      throw signal.aborted ? signal.reason : transportError(this.#server, operation, error);
    } finally {
      release();
      this.#session.destroy();
    }
  }

  /** A stream that simply ends was cut: only a status says that it was the whole answer. */
  #requireOk(): void {
    const status = this.#trailers['grpc-status'] ?? this.#headers['grpc-status'];
    if (status === undefined) throw new Error('the answer was cut short');
    if (Number(status) === GRPC_OK) return;
    const message = String(this.#trailers['grpc-message'] ?? this.#headers['grpc-message'] ?? `gRPC status ${status}`);
    const { label, host = label } = this.#server;
    throw etcdRefusal({
      label,
      host,
      operation: this.#call.operation,
      message: decodeURIComponent(message),
      grpcCode: Number(status),
    });
  }
}

/** Whole messages out of chunks of any size. @throws Error when the bytes end within one, or one is compressed */
async function* unframed(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let bytes = 0;
  let wanted = PREFIX_BYTES;
  for await (const chunk of chunks) {
    held.push(chunk);
    bytes += chunk.length;
    if (bytes < wanted) continue;
    let rest = held.length === 1 ? chunk : Buffer.concat(held, bytes);
    for (;;) {
      wanted = PREFIX_BYTES + (rest.length < PREFIX_BYTES ? 0 : rest.readUInt32BE(1));
      if (rest.length < PREFIX_BYTES || rest.length < wanted) break;
      if (rest[0] !== 0) throw new Error('a message is compressed, which was not asked for');
      yield rest.subarray(PREFIX_BYTES, wanted);
      rest = rest.subarray(wanted);
    }
    held = [rest];
    bytes = rest.length;
  }
  if (bytes > 0) throw new Error('the answer was cut short');
}
