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
