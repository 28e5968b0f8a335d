import ssh2, {
  type AuthenticationType,
  type AuthHandlerMiddleware,
  type NextAuthHandler,
  type ParsedKey,
  type SignCallback,
  type SigningRequestOptions,
} from 'ssh2';
import { DisklessError } from '../errors.js';
import { AgentClient } from './agent-client.js';
import type { Identities, Identity } from './identities.js';

/** Offers one key after the other; the only authentication there is. A password would have to be stored or typed. */
export class PublicKeyAuth {
  readonly #user: string;
  readonly #place: string;
  readonly #identities: Identities;
  readonly #onFailure: (error: DisklessError) => void;
  readonly #offered: Identity[] = [];
  #agent: AgentClient | undefined;
  #isOver = false;

  constructor(options: {
    user: string;
    place: string;
    identities: Identities;
    /** Nothing is left to offer. */
    onFailure: (error: DisklessError) => void;
  }) {
    this.#user = options.user;
    this.#place = options.place;
    this.#identities = options.identities;
    this.#onFailure = options.onFailure;
  }

  /** ssh2 asks here for the next method; methods left is null before the first answer of the server. */
  readonly handler: AuthHandlerMiddleware = (methodsLeft, partialSuccess, next) => {
    if (this.#isOver) return;
    if (partialSuccess) return this.#onFailure(this.#needsMore(methodsLeft));
    const publicKeyIsOpen = (methodsLeft as AuthenticationType[] | null)?.includes('publickey') ?? true;
    const identity = publicKeyIsOpen ? this.#identities.usable[this.#offered.length] : undefined;
    if (identity === undefined) return this.#onFailure(this.rejected());
    this.#offered.push(identity);
    this.#offer(identity, next);
  };

  /** The handshake came to its end: nothing more is offered, and an agent that has not signed yet need not. */
  end(): void {
    this.#isOver = true;
    this.#agent?.hangUp();
  }

  /** How many keys the server has seen. */
  get offered(): number {
    return this.#offered.length;
  }

  /** Also the verdict when the server hangs up in the middle (MaxAuthTries). */
  rejected(cause?: unknown): DisklessError {
    const tried = this.#offered.map(
      ({ label, publicKey }) => `tried ${label}: ${publicKey.type} ${publicKey.fingerprint}`,
    );
    const unusable = this.#identities.unusable.map(({ label, reason }) => `not tried ${label}: ${reason}`);
    return new DisklessError({
      code: 'auth-failed',
      message: `${this.#place} does not let user ${this.#user} in with any of the keys at hand`,
      detail: [...tried, ...unusable].join('\n') || 'no key at hand: no agent, and none of the identity files exists',
      hint: `put one of these public keys into the node’s Ignition config (passwd.users.sshAuthorizedKeys) or install it with ssh-copy-id; check user and IdentityFile`,
      cause,
    });
  }

  #needsMore(methodsLeft: readonly string[]): DisklessError {
    return new DisklessError({
      code: 'auth-failed',
      message: `${this.#place} accepts the key of user ${this.#user} but asks for a second factor (${methodsLeft.join(', ')})`,
      hint: 'k8s-diskless authenticates by public key alone: allow that for this user in sshd_config (AuthenticationMethods)',
    });
  }

  #offer({ source }: Identity, next: NextAuthHandler): void {
    const username = this.#user;
    if (source.kind === 'file') {
      next({ type: 'publickey', username, key: withoutSha1(source.key) });
    } else {
      this.#agent = new AgentClient(source.socket);
      next({ type: 'agent', username, agent: new OneKeyAgent(source.key, this.#agent) });
    }
  }
}

function signsBySha1(key: ParsedKey, hash: string | undefined): boolean {
  return key.type === 'ssh-rsa' && hash !== 'sha256' && hash !== 'sha512';
}

const SHA1_REFUSED = new Error('the server knows only RSA signatures with SHA-1, which are not made');

/** ssh2 falls back to SHA-1 for RSA when a server announces no better algorithm. */
function withoutSha1(key: ParsedKey): ParsedKey {
  const sign = (data: Buffer | string, hash?: string) => (signsBySha1(key, hash) ? SHA1_REFUSED : key.sign(data, hash));
  return Object.create(key, { sign: { value: sign } });
}

/** Shows ssh2 a single key of an agent, so that order and choice stay ours. */
class OneKeyAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #key: ParsedKey;
  readonly #agent: AgentClient;

  constructor(key: ParsedKey, agent: AgentClient) {
    super();
    this.#key = key;
    this.#agent = agent;
  }

  override getIdentities(callback: (error: Error | null, keys?: ParsedKey[]) => void): void {
    callback(null, [this.#key]);
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    const done = typeof options === 'function' ? options : (callback ?? (() => {}));
    const hash = typeof options === 'function' ? undefined : options.hash;
    if (signsBySha1(key, hash)) done(SHA1_REFUSED);
    else this.#agent.sign(key, data, { hash }, done);
  }
}
