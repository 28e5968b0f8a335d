import type { NetworkInterfaceInfo } from 'node:os';
import { parseRange } from '../config/boot-scalars.js';
import { cidrContains } from '../config/cidr.js';
import { usageError } from '../errors.js';
import type { BootSettings } from './settings.js';

export interface BootUrl {
  url: string;
  /** Where it comes from, when nobody said it. */
  note?: string;
}

/** Needs no privilege, unlike 80. */
const DEFAULT_PORT = 8080;

/**
 * Where machines shall fetch from: as configured, else the address `boot serve` was told to bind to, else this
 * machine's own address: the one in the machines' network, or the only one it has. Never "the first NIC".
 *
 * @param interfaces as os.networkInterfaces() gives them
 * @throws usage error that lists the candidates
 */
export function chooseBootUrl(
  settings: Pick<BootSettings, 'url' | 'listen' | 'dhcp'>,
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>,
): BootUrl {
  const { url, listen, dhcp } = settings;
  if (url !== undefined) return { url };
  if (listen?.endsWith(':0')) throw portUnknown();
  if (listen !== undefined && !/^(0\.0\.0\.0|\[::\]):/.test(listen)) return { url: `http://${listen}` };
  const port = listen?.replace(/^.*:/, '') ?? DEFAULT_PORT;
  const own = ownAddresses(interfaces);
  const near = own.filter(({ cidr }) => isNear(cidr, dhcp));
  const candidates = near.length > 0 ? near : own;
  const [only] = candidates;
  if (only === undefined || candidates.length > 1) throw ambiguous(candidates);
  const chosen = `http://${only.address}:${port}`;
  return { url: chosen, note: `machines fetch from ${chosen}, the address of ${only.name} (--url names another)` };
}

interface OwnAddress {
  name: string;
  address: string;
  cidr: string;
}

function ownAddresses(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): OwnAddress[] {
  return Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses.flatMap(({ address, cidr, family, internal }) =>
      family === 'IPv4' && !internal && cidr !== null ? [{ name, address, cidr }] : [],
    ),
  );
}

/** @param cidr an address with the length of its network's prefix, `10.0.0.1/24` */
function isNear(cidr: string, { network, range }: BootSettings['dhcp']): boolean {
  const [address = ''] = cidr.split('/');
  const { first } = (range === undefined ? undefined : parseRange(range)) ?? {};
  if (network !== undefined) return cidrContains(network, address);
  return first !== undefined && cidrContains(cidr, first);
}

function portUnknown(): Error {
  return usageError({
    code: 'boot-url-unknown',
    message: 'with port 0 the system chooses one, and machines would not know it',
    hint: 'name a port in --listen, or say where machines fetch from: --url',
  });
}

function ambiguous(candidates: readonly OwnAddress[]): Error {
  const some = candidates.length > 0;
  return usageError({
    code: 'boot-url-unknown',
    message: some
      ? 'this machine has several addresses, and nothing says from which of them machines shall fetch'
      : 'this machine has no address that other machines could fetch from',
    ...(some && { detail: candidates.map(({ name, address }) => `${name}  ${address}`).join('\n') }),
    hint: `name it: --url http://${candidates[0]?.address ?? '10.0.0.1'}:${DEFAULT_PORT}, or boot.url in the config file`,
  });
}
