import ssh2, { type Client, type ConnectConfig } from 'ssh2';
import { DisklessError } from '../errors.js';
import { onAbortError } from './abort-error.js';
import type { HostKeyAlgorithm } from './host-key.js';
import type { Identities } from './identities.js';
import type { ByteStream } from './keepalive.js';
import { describeKey, type PublicKey } from './key-format.js';
import { resetBeforeBanner } from './open-socket.js';
import { PublicKeyAuth } from './public-key-auth.js';
import type { HostKey } from './transport.js';

/** Elliptic curves first: with finite-field groups a hundred handshakes at once take the operator's CPU for seconds (ssh2 #934). */
const KEX: NonNullable<ConnectConfig['algorithms']>['kex'] = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group18-sha512',
  'diffie-hellman-group14-sha256',
];

/** More than any server says before its banner. */
const BANNER_BYTES = 8192;

export interface HandshakeOptions<T> {
  socket: ByteStream;
  user: string;
  /** Host and port for messages. */
  place: string;
  identities: Identities;
  hostKeyAlgorithms: HostKeyAlgorithm[];
  /** An error refuses the host key. */
  judge: (presented: PublicKey) => DisklessError | undefined;
  keepaliveIntervalMs: number;
  /** How long the server may take until its SSH banner. */
  bannerTimeoutMs: number;
  /** How long key exchange and authentication may take from there. */
  authTimeoutMs: number;
  signal?: AbortSignal | undefined;
  /** Called within the event that makes the client ready, so that no later event of it is missed. */
  adopt: (client: Client, hostKey: HostKey) => T;
}

/** Takes a fresh TCP connection to an authenticated SSH client, or fails with the reason, the socket destroyed. */
export function handshake<T>(options: HandshakeOptions<T>): Promise<T> {
  return new Promise((resolve, reject) => new Handshake(options, resolve, reject).start());
}

type ClientError = Error & { level?: string; code?: unknown };

type Phase = 'banner' | 'key exchange' | 'authentication' | 'done';

class Handshake<T> {
  readonly #options: HandshakeOptions<T>;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: DisklessError) => void;
  readonly #client = new ssh2.Client();
  readonly #auth: PublicKeyAuth;
  #phase: Phase = 'banner';
  #hostKey: PublicKey | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopListening = () => {};
  #beforeBanner = '';
  /** ssh2 reports an error first and the end of the connection later; the error explains the end. */
  #cause: ClientError | undefined;

  constructor(options: HandshakeOptions<T>, resolve: (value: T) => void, reject: (error: DisklessError) => void) {
    const { user, place, identities } = options;
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#auth = new PublicKeyAuth({ user, place, identities, onFailure: (error) => this.#fail(error) });
  }

  start(): void {
    const { socket, user, signal, bannerTimeoutMs, keepaliveIntervalMs, place } = this.#options;
    const client = this.#client;
    this.#timer = setTimeout(() => this.#fail(noBanner(place, bannerTimeoutMs)), bannerTimeoutMs);
    client.on('error', (error) => this.#remember(error));
    client.on('handshake', () => this.#enter('authentication'));
    client.on('ready', () => this.#succeed());
    client.on('close', () => this.#fail(this.#explainClose()));
    client.connect({
      sock: socket,
      username: user,
      // Our own timers tell the phases apart.
      readyTimeout: 0,
      algorithms: { kex: KEX, serverHostKey: this.#options.hostKeyAlgorithms },
      hostVerifier: (key: Buffer) => this.#verify(key),
      authHandler: this.#auth.handler,
      keepaliveInterval: keepaliveIntervalMs,
      // The pings are wanted, the judgement is ours: watchForSilence.
      keepaliveCountMax: Number.POSITIVE_INFINITY,
    });
    socket.on('data', this.#readBanner);
    this.#stopListening = onAbortError(signal, (error) => this.#fail(error));
  }

  /** RFC 4253 §4.2: the server may send other lines before its `SSH-` line, as sshd does when it turns us away. */
  readonly #readBanner = (chunk: Buffer): void => {
    this.#beforeBanner = (this.#beforeBanner + chunk.toString('latin1')).slice(0, BANNER_BYTES);
    const banner = /^SSH-/m.exec(this.#beforeBanner);
    if (!banner) return;
    this.#options.socket.off('data', this.#readBanner);
    this.#enter('key exchange');
  };

  #enter(phase: Phase): void {
    if (this.#phase === 'done') return;
    if (this.#phase === 'banner') {
      clearTimeout(this.#timer);
      const { authTimeoutMs, place } = this.#options;
      this.#timer = setTimeout(() => this.#fail(tooSlow(place, this.#phase, authTimeoutMs)), authTimeoutMs);
    }
    this.#phase = phase;
  }

  /** Asked again at every re-keying, where only the first key will do. */
  #verify(blob: Buffer): boolean {
    if (this.#hostKey) return this.#hostKey.blob.equals(blob);
    const presented = describeKey(blob);
    const refusal = this.#options.judge(presented);
    if (refusal) this.#fail(refusal);
    else this.#hostKey = presented;
    return refusal === undefined;
  }

  #remember(error: Error): void {
    if (this.#phase !== 'done') this.#cause ??= error;
  }

  #succeed(): void {
    if (this.#phase === 'done' || this.#hostKey === undefined) return;
    const { type, fingerprint } = this.#hostKey;
    this.#finish();
    this.#resolve(this.#options.adopt(this.#client, { type, fingerprint }));
  }

  #fail(error: DisklessError): void {
    if (this.#phase === 'done') return;
    this.#finish();
    this.#options.socket.destroy();
    this.#reject(error);
  }

  #finish(): void {
    this.#phase = 'done';
    clearTimeout(this.#timer);
    this.#stopListening();
    this.#auth.end();
    this.#options.socket.off('data', this.#readBanner);
  }

  #explainClose(): DisklessError {
    const { place } = this.#options;
    const cause = this.#cause;
    if (this.#phase === 'banner') return resetBeforeBanner(place, this.#beforeBanner.trim(), cause);
    // sshd hangs up with a reason (ssh2 gives its number as code) when it has seen too many keys.
    if (this.#auth.offered > 0 && typeof cause?.code === 'number') return this.#auth.rejected(cause);
    return ended(place, this.#phase, cause);
  }
}

/** Two sides that cannot agree, or a line that was cut: ssh2 marks socket errors, and knows of no error when a peer just leaves. */
function ended(place: string, phase: Phase, cause: ClientError | undefined): DisklessError {
  const cut = cause === undefined || cause.level === 'client-socket';
  return new DisklessError({
    code: cut ? 'connection-lost' : 'handshake-failed',
    message: cut ? `${place} closed the connection during ${phase}` : `${phase} with ${place} failed`,
    detail: cause?.message,
    hint: cut
      ? 'the node may be going down; try again'
      : 'key exchange needs curve25519, ECDH or a Diffie-Hellman group of 2048 bits or more; sshd’s log on the node says more',
    cause,
  });
}

/** Not the same as nobody there: for sshd this was a connection without a login. */
function noBanner(place: string, timeoutMs: number): DisklessError {
  return new DisklessError({
    code: 'no-banner',
    message: `${place} accepts connections but sends no SSH banner within ${Math.round(timeoutMs / 100) / 10} s`,
    hint: 'its sshd may still be starting, or the node be overloaded; else check that it is sshd which listens on that port',
  });
}

function tooSlow(place: string, phase: Phase, timeoutMs: number): DisklessError {
  return new DisklessError({
    code: 'handshake-timeout',
    message: `${place} did not finish ${phase} within ${timeoutMs / 1000} s`,
    hint: 'look at the load of the node, and at sshd’s UseDNS and PAM modules that wait for something',
  });
}
