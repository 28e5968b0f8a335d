import { readFile } from 'node:fs/promises';
import pLimit, { type LimitFunction } from 'p-limit';
import type { SshTarget } from '../config/spec.js';
import { DisklessError, usageError } from '../errors.js';
import { sleep, throwIfAborted, withDeadline } from './abort.js';
import { SshConnection } from './connection.js';
import { type EffectiveConfig, effectiveConfig } from './effective-config.js';
import { handshake } from './handshake.js';
import { type HostKeyPolicy, hostKeyAlgorithms, judgeHostKey } from './host-key.js';
import { gatherIdentities } from './identities.js';
import type { JumpPool, Lease } from './jump-pool.js';
import type { ByteStream } from './keepalive.js';
import { entriesFor, type KnownHostsEntry, knownHostsNames, parseKnownHosts } from './known-hosts.js';
import { openSocket, unreachable } from './open-socket.js';
import type { Connection, HostKey } from './transport.js';

const CONNECT_TIMEOUT_MS = 5000;
/** Key exchange and authentication are slow on a loaded node or behind PAM; sshd itself allows two minutes. */
const AUTH_TIMEOUT_MS = 20_000;
const KEEPALIVE = { intervalMs: 10_000, countMax: 3 };
const HANDSHAKES = 32;
const MAX_HOPS = 8;
const FIRST_RETRY_MS = 250;

/** Shared by all connections of a run. */
export interface ConnectLimits {
  handshake: LimitFunction;
}

/** Handshakes are the expensive part of a connection for the operator: so many at once, the rest in turn. */
export function createConnectLimits(handshakes = HANDSHAKES): ConnectLimits {
  return { handshake: pLimit(handshakes) };
}

export interface ConnectOptions {
  target: SshTarget;
  /** The node's name, as every error and result shall call it. */
  name: string;
  /** User where neither the target nor ssh says one. */
  defaults?: { user?: string };
  /** `--ssh-config FILE`. */
  configFile?: string;
  policy: HostKeyPolicy;
  /** `SHA256:…` fingerprints; with any, only these are accepted. */
  pins?: readonly string[];
  /** The key state remembers of the node: its type is asked for first, so that the two can be compared. */
  recorded?: HostKey;
  /** From the first packet to the SSH banner, retries included. Default: ssh_config's ConnectTimeout, else 5 s. */
  connectTimeoutMs?: number;
  /** Key exchange and authentication. Default 20 s, or connectTimeoutMs when that is more. */
  authTimeoutMs?: number;
  /** Silence after which a connection counts as lost. Default: ssh_config's ServerAlive*, else 10 s × 3. */
  keepalive?: { intervalMs: number; countMax: number };
  signal?: AbortSignal;
  jumpPool: JumpPool;
  limits: ConnectLimits;
  /** Share of the back-off added at random, 0 to 1. */
  random?: () => number;
}

/** Connects and authenticates. Under the policy `per-boot` the caller owes judgePerBoot before it changes anything. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const { target, configFile, defaults, signal } = options;
  try {
    const config = await effectiveConfig({ target, configFile, defaultUser: defaults?.user, signal });
    return await establish({ ...options, config, hops: [] });
  } catch (error) {
    throw error instanceof DisklessError ? error.at({ host: options.name }) : error;
  }
}

interface EstablishOptions extends ConnectOptions {
  config: EffectiveConfig;
  /** Hosts for which this one is a jump host, to recognise a circle. */
  hops: readonly string[];
}

async function establish(options: EstablishOptions): Promise<SshConnection> {
  const { config, signal } = options;
  const jump = await acquireJump(options);
  try {
    const [identities, known] = await Promise.all([
      gatherIdentities({ ...config, signal }),
      options.policy === 'strict' ? readKnownHosts(config) : [],
    ]);
    return await retry({ ...options, jump, identities, known });
  } catch (error) {
    jump?.release();
    throw error;
  }
}

/** The last host of ProxyJump is the one to go through; those before it lead to that one. */
async function acquireJump(options: EstablishOptions): Promise<Lease | undefined> {
  const { config, hops, configFile, jumpPool, signal } = options;
  const target = config.proxyJump.at(-1);
  if (target === undefined) return undefined;
  const route = [...hops, `${config.user}@${config.hostname}:${config.port}`];
  const own = await effectiveConfig({ target, configFile, defaultUser: options.defaults?.user, signal });
  const before = config.proxyJump.slice(0, -1);
  const jumpConfig = before.length > 0 ? { ...own, proxyJump: before } : own;
  const key = JSON.stringify([own.user, own.hostname, own.port, jumpConfig.proxyJump]);
  if (route.includes(`${own.user}@${own.hostname}:${own.port}`) || route.length > MAX_HOPS)
    throw circle(route, own.alias);

  const { pins: _pins, recorded: _recorded, ...shared } = options;
  const connectJump = (poolSignal: AbortSignal) =>
    establish({ ...shared, target, name: own.alias, config: jumpConfig, hops: route, signal: poolSignal });
  return jumpPool.acquire(key, connectJump, signal);
}

function circle(route: readonly string[], alias: string): DisklessError {
  return usageError({
    code: 'proxy-jump-circle',
    message: `ProxyJump leads in a circle: ${[...route, alias].join(' -> ')}`,
    hint: `exclude the jump host from the Host pattern that sets ProxyJump (Host * !${alias})`,
  });
}

interface AttemptOptions extends EstablishOptions {
  jump: Lease | undefined;
  identities: Awaited<ReturnType<typeof gatherIdentities>>;
  known: readonly KnownHostsEntry[];
}

/** A server that drops us before its banner is asked again while the budget lasts; everything else is final. */
async function retry(options: AttemptOptions): Promise<SshConnection> {
  const { limits, signal, config } = options;
  const budget = options.connectTimeoutMs ?? config.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  const random = options.random ?? Math.random;
  let deadline: number | undefined;
  for (let wait = FIRST_RETRY_MS; ; wait *= 2) {
    try {
      return await limits.handshake(() => {
        throwIfAborted(signal);
        // Time spent in the queue of handshakes does not count.
        deadline ??= performance.now() + budget;
        return attempt(options, Math.max(1, Math.ceil(deadline - performance.now())));
      });
    } catch (error) {
      const pause = wait * (1 + random());
      const over = performance.now() + pause >= (deadline ?? 0);
      if (over || !(error instanceof DisklessError) || error.code !== 'reset-before-banner') throw error;
      await sleep(pause, signal);
    }
  }
}

async function attempt(options: AttemptOptions, timeoutMs: number): Promise<SshConnection> {
  const { config, name, jump, known, policy, signal, identities } = options;
  const place = `${config.hostname}:${config.port}`;
  const startedAt = performance.now();
  const socket = await reach(options, timeoutMs);
  const keepalive = options.keepalive ?? {
    intervalMs: config.keepaliveIntervalMs ?? KEEPALIVE.intervalMs,
    countMax: config.keepaliveCountMax ?? KEEPALIVE.countMax,
  };
  return handshake({
    socket,
    user: config.user,
    place,
    identities,
    hostKeyAlgorithms: hostKeyAlgorithms([
      ...known.map((entry) => entry.key.type),
      ...(options.recorded ? [options.recorded.type] : []),
    ]),
    judge: (presented) =>
      judgeHostKey({
        policy,
        pins: options.pins ?? [],
        known,
        knownHostsFiles: config.knownHostsFiles,
        presented,
        place,
      }),
    keepaliveIntervalMs: keepalive.intervalMs,
    bannerTimeoutMs: Math.max(1, timeoutMs - (performance.now() - startedAt)),
    authTimeoutMs: options.authTimeoutMs ?? Math.max(AUTH_TIMEOUT_MS, timeoutMs),
    signal,
    adopt: (client, hostKey) => {
      const via = jump
        ? [...jump.connection.via, { host: jump.connection.host, hostKey: jump.connection.hostKey }]
        : [];
      const onClosed = () => jump?.release();
      return new SshConnection({ client, socket, host: name, user: config.user, hostKey, via, keepalive, onClosed });
    },
  });
}

/** The byte stream to the host's sshd: a TCP connection of our own, or one made by the jump host. */
async function reach({ config, jump, signal }: AttemptOptions, timeoutMs: number): Promise<ByteStream> {
  const { hostname, port, addressFamily: family } = config;
  if (!jump) return openSocket({ hostname, port, family, timeoutMs, signal });
  const { connection } = jump;
  const place = `${hostname}:${port}`;
  const timeoutError = () =>
    unreachable(place, `does not answer jump host ${connection.host} within ${timeoutMs / 1000} s`);
  const deadline = withDeadline({ signal, timeoutMs, timeoutError });
  try {
    return await connection.forward(hostname, port, deadline.signal);
  } catch (error) {
    const failed = error instanceof DisklessError && error.code === 'forward-failed';
    throw failed ? unreachable(place, `cannot be reached from jump host ${connection.host}`, error) : error;
  } finally {
    deadline.dispose();
  }
}

async function readKnownHosts(config: EffectiveConfig): Promise<KnownHostsEntry[]> {
  const files = await Promise.all(
    config.knownHostsFiles.map(async (path) => {
      const text = await readFile(path, 'utf8').catch(() => undefined);
      return text === undefined ? [] : [{ path, text }];
    }),
  );
  return entriesFor(parseKnownHosts(files.flat()), knownHostsNames(config));
}
