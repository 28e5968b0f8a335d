import { Agent, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { deadline, onAbort, untilAborted } from '../abort.js';
import { isFinal } from '../errors.js';

/** PEM texts. */
export interface TlsIdentity {
  ca: string;
  cert: string;
  key: string;
}

/** Opens one byte stream to the server; in use, a TCP connection made by a node (`Connection.forward`). */
export type OpenStream = (signal: AbortSignal) => Promise<Duplex>;

export interface TlsAgentOptions {
  open: OpenStream;
  /** DNS name or IP address the server's certificate must carry. */
  serverName: string;
  identity: TlsIdentity;
  connectTimeoutMs: number;
  /** Idle sockets are kept for the next request. */
  keepAlive: boolean;
}

/** The server's certificate does not prove that it is ours: never cured by trying again. */
export class CertificateRefused extends Error {}

/** No usable connection came about: nothing of the request was sent. */
export class ConnectFailed extends Error {}

/** An https agent whose sockets run TLS over streams somebody else opens. */
export class TlsAgent extends Agent {
  readonly #options: TlsAgentOptions;
  readonly #context: SecureContext;
  readonly #closed = new AbortController();

  constructor(options: TlsAgentOptions) {
    super({ keepAlive: options.keepAlive, scheduling: 'lifo' });
    this.#options = options;
    this.#context = createSecureContext(options.identity);
  }

  override createConnection(
    _options: RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    // The agent reads the stream only when there is no error; node's type has no way to say so.
    const fail = (error: Error): void => callback?.(error, undefined as unknown as Duplex);
    this.#secureStream().then((socket) => callback?.(null, socket), fail);
  }

  override destroy(): void {
    this.#closed.abort(new ConnectFailed('the client was closed'));
    super.destroy();
  }

  async #secureStream(): Promise<TLSSocket> {
    const { connectTimeoutMs } = this.#options;
    const limit = deadline({
      parent: this.#closed.signal,
      ms: connectTimeoutMs,
      reason: () => new ConnectFailed(`no TLS connection within ${connectTimeoutMs} ms`),
    });
    try {
      return await this.#handshake(await this.#openStream(limit.signal), limit.signal);
    } finally {
      limit.release();
    }
  }

  async #openStream(signal: AbortSignal): Promise<Duplex> {
    signal.throwIfAborted();
    const opening = this.#options.open(signal);
    try {
      return await untilAborted(opening, signal);
    } catch (error) {
      opening.then(
        (late) => late.destroy(),
        () => undefined,
      );
      throw error instanceof ConnectFailed || isFinal(error)
        ? error
        : new ConnectFailed(messageOf(error), { cause: error });
    }
  }

  #handshake(stream: Duplex, signal: AbortSignal): Promise<TLSSocket> {
    const { serverName } = this.#options;
    // RFC 6066 forbids addresses in SNI; `host` alone then decides which name the certificate must carry.
    const sni = isIP(serverName) === 0 ? { servername: serverName } : {};
    return new Promise((resolve, reject) => {
      const socket = tlsConnect({ socket: stream, secureContext: this.#context, host: serverName, ...sni });
      const release = onAbort(signal, () => socket.destroy(signal.reason));
      const settle = (): void => {
        release();
        socket.off('error', onError).off('close', onClose);
      };
      const onError = (error: Error): void => {
        settle();
        const kind = socket.authorizationError ? CertificateRefused : ConnectFailed;
        reject(error instanceof kind ? error : new kind(error.message, { cause: error }));
      };
      // A stream that ends before the handshake closes the socket without an error event.
      const onClose = (): void => onError(new ConnectFailed('the connection was closed during the TLS handshake'));
      socket.once('error', onError).once('close', onClose);
      socket.once('secureConnect', () => {
        settle();
        resolve(socket);
      });
    });
  }
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
