import { isIPv4 } from 'node:net';

const IPV6_GROUPS = 8;

/** Network byte order: 4 bytes of an IPv4 address, 16 of an IPv6 one (with or without `::` or a dotted tail). */
export function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = address.split('::');
  const before = groups(head);
  if (tail === undefined) return toBuffer(before);
  const after = groups(tail);
  const zeros = new Array<number>(IPV6_GROUPS - before.length - after.length).fill(0);
  return toBuffer([...before, ...zeros, ...after]);
}

function groups(part: string): number[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => (group.includes('.') ? dottedGroups(group) : [Number.parseInt(group, 16)]));
}

function dottedGroups(address: string): number[] {
  const bytes = addressBytes(address);
  return [bytes.readUInt16BE(0), bytes.readUInt16BE(2)];
}

function toBuffer(values: number[]): Buffer {
  const bytes = Buffer.alloc(IPV6_GROUPS * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2);
  return bytes;
}

/** The first usable address of a CIDR, which Kubernetes gives to the `kubernetes` Service, e.g. `10.96.0.1`. */
export function firstServiceAddress(serviceCidr: string): string {
  const [base = '', prefix = ''] = serviceCidr.split('/');
  const bytes = addressBytes(base);
  const hostBits = BigInt(bytes.length * 8 - Number(prefix));
  const first = ((BigInt(`0x${bytes.toString('hex')}`) >> hostBits) << hostBits) + 1n;
  const hex = first.toString(16).padStart(bytes.length * 2, '0');
  return addressText(Buffer.from(hex, 'hex'));
}

function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join('.');
  const words = Array.from({ length: IPV6_GROUPS }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  // The URL parser writes IPv6 addresses in the canonical form of RFC 5952.
  return new URL(`http://[${words.join(':')}]/`).hostname.slice(1, -1);
}
