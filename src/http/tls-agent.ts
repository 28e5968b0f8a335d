import { Agent, type RequestOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext } from 'node:tls';
import { ConnectFailed, type OpenStream, secureStream, type TlsIdentity } from './secure-stream.js';

export interface TlsAgentOptions {
  open: OpenStream;
  /** DNS name or IP address the server's certificate must carry. */
  serverName: string;
  identity: TlsIdentity;
  connectTimeoutMs: number;
  /** Idle sockets are kept for the next request. */
  keepAlive: boolean;
}

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
    const { open, serverName, connectTimeoutMs } = this.#options;
    const shared = { open, serverName, connectTimeoutMs, context: this.#context, signal: this.#closed.signal };
    secureStream(shared).then((socket) => callback?.(null, socket), fail);
  }

  override destroy(): void {
    this.#closed.abort(new ConnectFailed('the client was closed'));
    super.destroy();
  }
}
