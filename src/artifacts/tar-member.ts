const BLOCK = 512;
const NAME_LIMIT = 100;
const PREFIX_LIMIT = 155;
/** Eleven octal digits: what a USTAR size field holds. */
const SIZE_LIMIT = 8 ** 11;

export interface TarMember {
  /** Path inside the archive, without a leading slash. */
  name: string;
  /** Permission bits, e.g. 0o644. */
  mode: number;
  /** Bytes of content that follow the header. */
  size: number;
}

/** Two zero blocks: what ends an archive (POSIX.1-1988 USTAR). */
export const END_OF_ARCHIVE: Buffer = Buffer.alloc(2 * BLOCK);

/**
 * The 512-byte USTAR header of a regular file owned by root, dated 1970 so that equal content gives equal bytes.
 *
 * @throws RangeError when the name or the size does not fit USTAR.
 */
export function tarHeader({ name, mode, size }: TarMember): Buffer {
  if (!Number.isInteger(size) || size < 0 || size >= SIZE_LIMIT) throw new RangeError(`no tar size: ${size}`);
  const path = splitName(name);
  const header = Buffer.alloc(BLOCK);
  header.write(path.name, 0);
  header.write(octal(mode & 0o7777, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(size, 11), 124);
  header.write(octal(0, 11), 136);
  header.write('0', 156);
  header.write('ustar\x0000', 257, 'latin1');
  header.write('root', 265);
  header.write('root', 297);
  header.write(path.prefix, 345);
  header.write(`${octal(checksum(header), 6)}\0 `, 148, 'latin1');
  return header;
}

/** The zeros that fill a member of `size` bytes up to a whole block. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** A whole member held in memory: header, content, padding. */
export function tarMember(member: Omit<TarMember, 'size'>, content: Buffer): Buffer {
  const header = tarHeader({ ...member, size: content.length });
  return Buffer.concat([header, content, tarPadding(content.length)]);
}

function splitName(path: string): { name: string; prefix: string } {
  if (path === '' || path.startsWith('/') || path.includes('\0')) throw new RangeError(`no tar member name: ${path}`);
  if (Buffer.byteLength(path) <= NAME_LIMIT) return { name: path, prefix: '' };
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    const prefix = path.slice(0, slash);
    const name = path.slice(slash + 1);
    const fits = Buffer.byteLength(prefix) <= PREFIX_LIMIT && Buffer.byteLength(name) <= NAME_LIMIT;
    if (fits && name !== '') return { name, prefix };
  }
  throw new RangeError(`too long for a tar member name: ${path}`);
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

/** The sum of all bytes with the checksum field taken as blanks. */
function checksum(header: Buffer): number {
  let sum = 8 * 0x20;
  for (let index = 0; index < BLOCK; index++) if (index < 148 || index >= 156) sum += header.readUInt8(index);
  return sum;
}
