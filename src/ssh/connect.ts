import pLimit from 'p-limit';
import { DisklessError } from '../errors.js';
import { sleep } from './abort-error.js';
import type { ConnectLimits, ConnectOptions, EstablishOptions } from './connect-options.js';
import { SshConnection } from './connection.js';
import { effectiveConfig } from './effective-config.js';
import { handshake } from './handshake.js';
import { hostKeyAlgorithms, judgeHostKey } from './host-key.js';
import { gatherIdentities, type Identities } from './identities.js';
import { acquireJump } from './jump.js';
import { jumpHostPlace } from './jump-host-keys.js';
import type { Lease } from './jump-pool.js';
import type { ByteStream } from './keepalive.js';
import type { PublicKey } from './key-format.js';
import { isPlainKey, type KnownHostsEntry, readKnownHosts } from './known-hosts.js';
import { toOneMachine } from './one-machine.js';
import { resetBeforeBanner } from './open-socket.js';
import { reach } from './reach.js';
import { Slots } from './slots.js';
import { TimeBudget } from './time-budget.js';
import type { Connection } from './transport.js';

const CONNECT_TIMEOUT_MS = 5000;
/** Key exchange and authentication are slow on a loaded node or behind PAM; sshd itself allows two minutes. */
const AUTH_TIMEOUT_MS = 20_000;
const KEEPALIVE = { intervalMs: 10_000, countMax: 3 };
const FIRST_RETRY_MS = 250;
/** An attempt with less time would end for want of it, and what the server said before would be forgotten. */
const LAST_ATTEMPT_MS = 500;
const HANDSHAKES = 32;
/** Each is a process with three pipes: hundreds at once would run into the limit of open files. */
const SETTINGS = 8;

/** Handshakes are the expensive part of a connection for the operator: so many at once, the rest in turn. */
export function createConnectLimits(handshakes = HANDSHAKES): ConnectLimits {
  return { settings: pLimit(SETTINGS), handshakes: new Slots(handshakes), addresses: new Map() };
}

/** Connects and authenticates. Under the policy `per-boot` the caller owes judgePerBoot before it changes anything. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const { target, configFile, defaults, signal, limits } = options;
  try {
    const config = await limits.settings(() =>
      effectiveConfig({ target, configFile, defaultUser: defaults?.user, signal }),
    );
    return await establish({ ...options, config, hops: [] });
  } catch (error) {
    throw error instanceof DisklessError ? error.at({ host: options.name }) : error;
  }
}

async function establish(options: EstablishOptions): Promise<SshConnection> {
  const { config, signal } = options;
  const jump = await acquireJump(options, establish);
  try {
    const [identities, known] = await Promise.all([
      gatherIdentities({ ...(options.identity === undefined ? config : alone(options.identity)), signal }),
      knownHostsCount(options) ? readKnownHosts(config) : [],
    ]);
    const connectTo = (hostname: string): Promise<SshConnection> =>
      retry({ ...options, config: { ...config, hostname }, jump, identities, known });
    // Behind a jump host names are resolved there.
    const connection = jump
      ? await connectTo(config.hostname)
      : await toOneMachine({ config, addresses: options.limits.addresses, connect: connectTo });
    if (isJumpHost(options)) believeJumpHost(options, known, connection);
    return connection;
  } catch (error) {
    jump?.release();
    throw error;
  }
}

const alone = (identity: string) => ({ identityFiles: [identity], identitiesOnly: true });

const isJumpHost = ({ hops }: EstablishOptions): boolean => hops.length > 0;

/** Where every key is good nobody is believed. */
function believeJumpHost(
  { config, policy, jumpPool }: EstablishOptions,
  known: readonly KnownHostsEntry[],
  connection: SshConnection,
): void {
  if (policy === 'insecure') return;
  const error = jumpPool.keys.believe({ config, known, presented: connection.hostKey });
  if (error === undefined) return;
  connection.end();
  throw error;
}

/** Jump hosts forget nothing at a reboot: what known_hosts says of them holds under `per-boot` too. */
function knownHostsCount(options: EstablishOptions): boolean {
  return options.policy === 'strict' || (options.policy === 'per-boot' && isJumpHost(options));
}

interface AttemptOptions extends EstablishOptions {
  jump: Lease | undefined;
  identities: Identities;
  known: readonly KnownHostsEntry[];
}

/** A server that drops us before its banner is asked again while the budget lasts, if wanted; everything else is final. */
async function retry(options: AttemptOptions): Promise<SshConnection> {
  const { signal, config, retryDropped = true } = options;
  const budget = new TimeBudget(options.connectTimeoutMs ?? config.connectTimeoutMs ?? CONNECT_TIMEOUT_MS);
  const random = options.random ?? Math.random;
  for (let wait = FIRST_RETRY_MS; ; wait *= 2) {
    try {
      return await attempt(options, budget);
    } catch (error) {
      const pause = wait * (1 + random());
      const over = !retryDropped || pause + LAST_ATTEMPT_MS >= budget.leftMs;
      if (over || !(error instanceof DisklessError) || error.code !== 'reset-before-banner') throw error;
      await sleep(pause, signal);
    }
  }
}

/** A host that does not answer costs nothing but time: it must not hold a place among the handshakes meanwhile. */
async function attempt(options: AttemptOptions, budget: TimeBudget): Promise<SshConnection> {
  const { config, jump, signal, limits } = options;
  const socket = await reach({ config, jump: jump?.connection, timeoutMs: budget.leftMs, signal });
  const leave = await budget.without(limits.handshakes.acquire(signal)).catch((error) => {
    socket.destroy();
    throw error;
  });
  return authenticate({ ...options, socket, bannerTimeoutMs: budget.leftMs }).finally(leave);
}

interface AuthenticateOptions extends AttemptOptions {
  socket: ByteStream;
  bannerTimeoutMs: number;
}

async function authenticate(options: AuthenticateOptions): Promise<SshConnection> {
  const { config, name, jump, known, signal, identities, socket, bannerTimeoutMs } = options;
  const place = `${config.hostname}:${config.port}`;
  // Reset while it waited for its turn.
  if (socket.destroyed) throw resetBeforeBanner(place, '');
  const keepalive = options.keepalive ?? {
    intervalMs: config.keepaliveIntervalMs ?? KEEPALIVE.intervalMs,
    countMax: config.keepaliveCountMax ?? KEEPALIVE.countMax,
  };
  const recorded = isJumpHost(options) ? options.jumpPool.keys.of(config) : options.recorded;
  return handshake({
    socket,
    user: config.user,
    place,
    identities,
    hostKeyAlgorithms: hostKeyAlgorithms([
      ...known.filter(isPlainKey).map((entry) => entry.key.type),
      ...(recorded ? [recorded.type] : []),
    ]),
    judge: (presented) => judge(options, presented),
    keepaliveIntervalMs: keepalive.intervalMs,
    bannerTimeoutMs,
    authTimeoutMs: options.authTimeoutMs ?? Math.max(AUTH_TIMEOUT_MS, bannerTimeoutMs),
    signal,
    adopt: (client, hostKey) => {
      const onClosed = () => jump?.release();
      return new SshConnection({ client, socket, host: name, user: config.user, hostKey, keepalive, onClosed });
    },
  });
}

function judge(options: AttemptOptions, presented: PublicKey): DisklessError | undefined {
  const { config, known, policy, pins = [], jumpPool } = options;
  const { hostname, port, knownHostsFiles } = config;
  const place = isJumpHost(options) ? jumpHostPlace(config) : `${hostname}:${port}`;
  const error = judgeHostKey({ policy, pins, known, knownHostsFiles, presented, place });
  if (error || !isJumpHost(options) || policy !== 'per-boot') return error;
  return jumpPool.keys.judge({ config, known, presented });
}
