import type { LimitFunction } from 'p-limit';
import type { EffectiveConfig, SshTarget } from './effective-config.js';
import type { HostKeyPolicy } from './host-key.js';
import type { JumpPool } from './jump-pool.js';
import type { Slots } from './slots.js';
import type { HostKey } from './transport.js';

/** Shared by all connections of a run. */
export interface ConnectLimits {
  /** `ssh -G` programs at once. */
  settings: LimitFunction;
  handshakes: Slots;
  /** Host name → the address used of it, where it has several. */
  addresses: Map<string, string>;
}

export interface ConnectOptions {
  target: SshTarget;
  /** The node's name, as every error and result shall call it. */
  name: string;
  /** User where neither the target nor ssh says one. */
  defaults?: { user?: string };
  /** `--ssh-config FILE`. */
  configFile?: string;
  /** A private key that is offered, on the way there too, and none beside it: neither of ssh_config nor of an agent. */
  identity?: string | undefined;
  policy: HostKeyPolicy;
  /** `SHA256:…` fingerprints; with any, only these are accepted. */
  pins?: readonly string[];
  /** The key state remembers of the node: its type is asked for first, so that the two can be compared. */
  recorded?: HostKey;
  /** From the first packet to the SSH banner, retries included. Default: ssh_config's ConnectTimeout, else 5 s. */
  connectTimeoutMs?: number;
  /**
   * Whether a server that drops us before its banner is asked again within that time. Not where it is asked at a pace of
   * its own anyway: OpenSSH counts every connection without a login. Jump hosts are asked again in any case. Default: true.
   */
  retryDropped?: boolean | undefined;
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

export interface EstablishOptions extends ConnectOptions {
  config: EffectiveConfig;
  /** Hosts for which this one is a jump host, to recognise a circle. */
  hops: readonly string[];
}
