/** IPv4 address arithmetic on strings as people write them. Addresses are unsigned 32-bit numbers inside. */

export interface Cidr {
  /** First address, host bits cleared. */
  network: number;
  /** 0 to 32. */
  prefix: number;
}

const OCTETS = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const PREFIX = /^(?:\d|[12]\d|3[0-2])$/;

/**
 * The number of a dotted quad; undefined for anything else. Leading zeros are refused: some parsers read them as octal,
 * and Go, which reads our output, refuses them too (golang/go#30999).
 */
export function parseAddress(text: string): number | undefined {
  const octets = OCTETS.exec(text)?.slice(1);
  if (!octets?.every((octet) => String(Number(octet)) === octet && Number(octet) <= 255)) return undefined;
  return octets.reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

/** `10.244.0.0/16`; an address alone is a /32, as `ip route` prints it. undefined when it is not IPv4. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', length = '32', ...rest] = text.split('/');
  const number = parseAddress(address);
  if (number === undefined || !PREFIX.test(length) || rest.length > 0) return undefined;
  const prefix = Number(length);
  return { network: networkOf(number, prefix), prefix };
}

export function formatCidr({ network, prefix }: Cidr): string {
  return `${formatAddress(network)}/${prefix}`;
}

/** What keeps a text from being a CIDR in its canonical form; undefined when it is one. */
export function cidrProblem(text: string): string | undefined {
  if (text.includes(':')) return 'is IPv6, and only IPv4 is supported so far';
  const cidr = parseCidr(text);
  if (cidr === undefined || !text.includes('/')) return 'is not a CIDR such as 10.244.0.0/16';
  const canonical = formatCidr(cidr);
  return canonical === text ? undefined : `has bits set behind the prefix; the network is ${canonical}`;
}

/** What keeps a text from being an address we can use; undefined when it is one. */
export function addressProblem(text: string): string | undefined {
  if (text.includes(':')) return 'is IPv6, and only IPv4 is supported so far';
  return parseAddress(text) === undefined ? 'is not an IPv4 address such as 10.0.0.4' : undefined;
}

/** Whether an address, or a whole CIDR, lies inside `cidr`. What is not IPv4 lies inside nothing. */
export function cidrContains(cidr: string, inner: string): boolean {
  const [outside, inside] = [parseCidr(cidr), parseCidr(inner)];
  if (!outside || !inside || inside.prefix < outside.prefix) return false;
  return networkOf(inside.network, outside.prefix) === outside.network;
}

/** Whether the two share an address. What is not IPv4 overlaps nothing. */
export function cidrOverlaps(a: string, b: string): boolean {
  return cidrContains(a, b) || cidrContains(b, a);
}

/** Number of addresses, network and broadcast address included. */
export function cidrSize(cidr: string): number {
  return 2 ** (32 - required(cidr).prefix);
}

/** The n-th address; 0 is the network address. */
export function nthAddress(cidr: string, n: number): string {
  if (n < 0 || n >= cidrSize(cidr)) throw new RangeError(`${cidr} has no address number ${n}`);
  return formatAddress(required(cidr).network + n);
}

/** How many networks of length `prefix` fit; 0 when `prefix` is shorter than the CIDR's own. */
export function subnetCount(cidr: string, prefix: number): number {
  return Math.floor(2 ** (prefix - required(cidr).prefix));
}

/** The n-th network of length `prefix` inside `cidr`, counted from 0. */
export function nthSubnet(cidr: string, prefix: number, n: number): string {
  if (n < 0 || n >= subnetCount(cidr, prefix)) throw new RangeError(`${cidr} has no /${prefix} number ${n}`);
  return formatCidr({ network: required(cidr).network + n * 2 ** (32 - prefix), prefix });
}

function networkOf(address: number, prefix: number): number {
  const size = 2 ** (32 - prefix);
  return Math.floor(address / size) * size;
}

function required(cidr: string): Cidr {
  const parsed = parseCidr(cidr);
  if (parsed === undefined) throw new RangeError(`${JSON.stringify(cidr)} is not an IPv4 CIDR`);
  return parsed;
}
