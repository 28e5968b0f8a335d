import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { type SecureContext, type TLSSocket, connect as tlsConnect } from 'node:tls';
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

/** The server's certificate does not prove that it is ours: never cured by trying again. */
export class CertificateRefused extends Error {}

/** No usable connection came about: nothing of the request was sent. */
export class ConnectFailed extends Error {}

export interface SecureStreamOptions {
  open: OpenStream;
  /** DNS name or IP address the server's certificate must carry. */
  serverName: string;
  context: SecureContext;
  connectTimeoutMs: number;
  /** Protocols offered to the server (ALPN); default: none. */
  protocols?: string[];
  /** Ends it with its reason. */
  signal: AbortSignal;
}

/** TLS over a stream that somebody else opens, once both sides have proven who they are. */
export async function secureStream(options: SecureStreamOptions): Promise<TLSSocket> {
  const { connectTimeoutMs, signal } = options;
  const limit = deadline({
    parent: signal,
    ms: connectTimeoutMs,
    reason: () => new ConnectFailed(`no TLS connection within ${connectTimeoutMs} ms`),
  });
  try {
    return await handshake(await openStream(options.open, limit.signal), options, limit.signal);
  } finally {
    limit.release();
  }
}

async function openStream(open: OpenStream, signal: AbortSignal): Promise<Duplex> {
  signal.throwIfAborted();
  const opening = open(signal);
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

function handshake(
  stream: Duplex,
  { serverName, context, protocols }: SecureStreamOptions,
  signal: AbortSignal,
): Promise<TLSSocket> {
  // RFC 6066 forbids addresses in SNI; `host` alone then decides which name the certificate must carry.
  const sni = isIP(serverName) === 0 ? { servername: serverName } : {};
  const alpn = protocols && { ALPNProtocols: protocols };
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({ socket: stream, secureContext: context, host: serverName, ...sni, ...alpn });
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

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
