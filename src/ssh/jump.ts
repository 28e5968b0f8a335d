import { type DisklessError, usageError } from '../errors.js';
import type { EstablishOptions } from './connect-options.js';
import type { SshConnection } from './connection.js';
import { type EffectiveConfig, effectiveConfig } from './effective-config.js';
import type { Lease } from './jump-pool.js';

const MAX_HOPS = 8;

/**
 * The connection to go through, where ssh_config names one: the last host of ProxyJump, those before it leading to
 * that one. A jump host stands under the same host-key policy; pins are the node's alone.
 */
export async function acquireJump(
  options: EstablishOptions,
  establish: (options: EstablishOptions) => Promise<SshConnection>,
): Promise<Lease | undefined> {
  const { config, configFile, jumpPool, signal } = options;
  const target = config.proxyJump.at(-1);
  if (target === undefined) return undefined;
  const own = await effectiveConfig({ target, configFile, defaultUser: options.defaults?.user, signal });
  const before = config.proxyJump.slice(0, -1);
  const jumpConfig = before.length > 0 ? { ...own, proxyJump: before } : own;
  const hops = [...options.hops, endpoint(config)];
  if (hops.includes(endpoint(own)) || hops.length > MAX_HOPS) throw circle(hops, own.alias);

  const { pins: _pins, recorded: _recorded, retryDropped: _retryDropped, ...shared } = options;
  const connectJump = (poolSignal: AbortSignal) =>
    establish({ ...shared, target, name: own.alias, config: jumpConfig, hops, signal: poolSignal });
  return jumpPool.acquire(JSON.stringify([endpoint(own), jumpConfig.proxyJump]), connectJump, signal);
}

function endpoint({ user, hostname, port }: EffectiveConfig): string {
  return `${user}@${hostname}:${port}`;
}

function circle(hops: readonly string[], alias: string): DisklessError {
  return usageError({
    code: 'proxy-jump-circle',
    message: `ProxyJump leads in a circle: ${[...hops, alias].join(' -> ')}`,
    hint: `exclude the jump host from the Host pattern that sets ProxyJump (Host * !${alias})`,
  });
}
