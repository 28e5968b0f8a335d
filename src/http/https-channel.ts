import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import pLimit, { type LimitFunction } from 'p-limit';
import { type Deadline, deadline, onAbort, untilAborted } from '../abort.js';
import type { DisklessError } from '../errors.js';
import type { OpenStream, TlsIdentity } from './secure-stream.js';
import { type StampedChunk, stampedChunks } from './stamped-chunks.js';
import { TlsAgent } from './tls-agent.js';
import { type Served, serverError, transportError } from './transport-error.js';

/**
 * HTTPS over streams that somebody else opens: how the operator speaks to kube-apiserver and etcd through a node's
 * SSH connection. Any HTTP status is an answer; only what kept an answer from coming is an error.
 */
export interface HttpsChannel {
  request(request: ChannelRequest): Promise<ChannelResponse>;
  /** For answers without an end (watch). They use connections of their own, beside the pool. */
  stream(request: ChannelRequest): Promise<ChannelStream>;
  /** Drops every connection; pending requests fail. */
  close(): void;
}

export interface ChannelRequest {
  method: string;
  /** Path and query. */
  path: string;
  headers?: Record<string, string>;
  body?: string;
  /** Sending it twice does no harm: it may be repeated when the answer was lost. Default: GET is, others not. */
  repeatable?: boolean;
  /** From the call to the end of the answer; for `stream` to its first byte. Default 10 s. */
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
}

export interface ChannelResponse {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

export interface ChannelStream {
  status: number;
  headers: IncomingHttpHeaders;
  /** Ends with the answer; throws `<service>-connection-lost` when it broke off. Leaving the loop closes it. */
  chunks: AsyncIterable<StampedChunk>;
}

export interface HttpsChannelOptions extends Served {
  open: OpenStream;
  serverName: string;
  identity: TlsIdentity;
  /** Sockets kept for requests. Default 4. */
  maxSockets?: number;
  connectTimeoutMs?: number;
}

const REQUEST_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** One retry on another socket when the server had closed an idle one just as we wrote. */
const STALE_SOCKET_RETRIES = 1;

export function createHttpsChannel(options: HttpsChannelOptions): HttpsChannel {
  const { open, serverName, identity, maxSockets = 4, connectTimeoutMs = CONNECT_TIMEOUT_MS } = options;
  const shared = { open, serverName, identity, connectTimeoutMs };
  // Not left to the agent: it does not count sockets that are still being opened.
  const limit = pLimit(maxSockets);
  const pool = new TlsAgent({ ...shared, keepAlive: true });
  const streams = new TlsAgent({ ...shared, keepAlive: false });
  return {
    request: async (request) => {
      for (let attempt = 0; ; attempt++) {
        const exchange = new Exchange(options, pool, request);
        try {
          return await exchange.complete(limit);
        } catch (error) {
          const again = exchange.staleSocket && isRepeatable(request) && attempt < STALE_SOCKET_RETRIES;
          if (!again) throw error;
        }
      }
    },
    stream: (request) => new Exchange(options, streams, request).stream(),
    close: () => {
      pool.destroy();
      streams.destroy();
    },
  };
}

export function isRepeatable({ method, repeatable = method === 'GET' }: ChannelRequest): boolean {
  return repeatable;
}

/** One request and its answer. */
class Exchange {
  /** The request failed on a reused socket before any answer: the server may have closed it while it was idle. */
  staleSocket = false;
  readonly #options: HttpsChannelOptions;
  readonly #agent: TlsAgent;
  readonly #request: ChannelRequest;
  readonly #deadline: Deadline;

  constructor(options: HttpsChannelOptions, agent: TlsAgent, request: ChannelRequest) {
    this.#options = options;
    this.#agent = agent;
    this.#request = request;
    const { signal: parent, timeoutMs: ms = REQUEST_TIMEOUT_MS } = request;
    this.#deadline = deadline({ parent, ms, reason: () => this.#timedOut(ms) });
  }

  async complete(limit: LimitFunction): Promise<ChannelResponse> {
    try {
      return await untilAborted(
        limit(() => this.#roundTrip()),
        this.#deadline.signal,
      );
    } catch (error) {
      throw this.#explain(error);
    } finally {
      this.#deadline.release();
    }
  }

  async #roundTrip(): Promise<ChannelResponse> {
    const response = await this.#send();
    return { status: response.statusCode ?? 0, headers: response.headers, text: await readText(response) };
  }

  async stream(): Promise<ChannelStream> {
    try {
      const response = await this.#send();
      const { signal } = this.#request;
      const chunks = stampedChunks({ response, signal, explain: (error) => this.#explain(error) });
      return { status: response.statusCode ?? 0, headers: response.headers, chunks };
    } catch (error) {
      throw this.#explain(error);
    } finally {
      this.#deadline.release();
    }
  }

  #send(): Promise<IncomingMessage> {
    const { method, path, headers, body } = this.#request;
    const { signal } = this.#deadline;
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const sent = new Promise<IncomingMessage>((resolve, reject) => {
      signal.throwIfAborted();
      const { serverName: host } = this.#options;
      const outgoing = httpsRequest({ agent: this.#agent, host, method, path, headers: { ...headers, ...length } });
      onAbort(signal, () => outgoing.destroy());
      outgoing.once('response', resolve);
      outgoing.on('error', (error) => {
        this.staleSocket = outgoing.reusedSocket && !signal.aborted;
        reject(error);
      });
      outgoing.end(body);
    });
    // Without a socket yet, node reports an abort only once one was assigned.
    return untilAborted(sent, signal);
  }

  #timedOut(timeoutMs: number): DisklessError {
    return serverError(this.#options, 'timeout', `did not answer ${this.#what()} within ${timeoutMs / 1000} s`);
  }

  #explain(thrown: unknown): unknown {
    if (thrown === this.#deadline.signal.reason) return thrown;
    return transportError(this.#options, this.#what(), thrown);
  }

  /** Without the query: it may be long and tells a person nothing. */
  #what(): string {
    return `${this.#request.method} ${this.#request.path.split('?')[0]}`;
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}
