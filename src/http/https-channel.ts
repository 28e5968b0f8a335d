import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import pLimit, { type LimitFunction } from 'p-limit';
import { type Deadline, deadline, onAbort, untilAborted } from '../abort.js';
import { DisklessError } from '../errors.js';
import { type StampedChunk, stampedChunks } from './stamped-chunks.js';
import { CertificateRefused, ConnectFailed, type OpenStream, TlsAgent, type TlsIdentity } from './tls-agent.js';

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

export interface HttpsChannelOptions {
  /** Prefix of the error codes: `-unreachable` (nothing was sent), `-connection-lost`, `-timeout`, `-certificate`. */
  service: 'kube' | 'etcd';
  /** Whom errors name, e.g. `kube-apiserver of s4`. */
  label: string;
  /** Node the errors belong to. */
  host?: string | undefined;
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
    return this.#error('timeout', `did not answer ${this.#what()} within ${timeoutMs / 1000} s`);
  }

  #explain(thrown: unknown): unknown {
    if (thrown instanceof DisklessError || thrown === this.#deadline.signal.reason) return thrown;
    if (thrown instanceof CertificateRefused) {
      const hint = 'the address may belong to another machine, or the certificates to another cluster';
      return this.#error(
        'certificate',
        `does not present a certificate of this cluster: ${thrown.message}`,
        thrown,
        hint,
      );
    }
    if (thrown instanceof ConnectFailed)
      return this.#error('unreachable', `cannot be reached: ${thrown.message}`, thrown);
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return this.#error('connection-lost', `broke off ${this.#what()}: ${reason}`, thrown);
  }

  /** Without the query: it may be long and tells a person nothing. */
  #what(): string {
    return `${this.#request.method} ${this.#request.path.split('?')[0]}`;
  }

  #error(kind: string, message: string, cause?: unknown, hint?: string): DisklessError {
    const { service, label, host } = this.#options;
    return new DisklessError({
      code: `${service}-${kind}`,
      message: `${label} ${message}`,
      ...(host !== undefined && { host }),
      ...(hint !== undefined && { hint }),
      cause,
    });
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}
