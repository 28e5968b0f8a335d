import { damaged } from './damaged.js';
import { PAGE_HEADER_BYTES, PAGE_KIND } from './page-layout.js';
import { readBytes } from './read-bytes.js';
import { unsignedLe } from './unsigned.js';

/** What a database file says of itself, with each commit in the one of its first two pages that is older. */
export interface Meta {
  pageSizeBytes: number;
  /** Of the bucket of buckets. */
  rootPage: number;
  /** Undefined: the free pages are not written down, as etcd has it; what is not in use is free. */
  freelistPage: number | undefined;
  /** All pages have lower numbers. */
  pages: number;
  transaction: bigint;
}

export interface MetaPages {
  meta: Meta;
  /** 1: the other is damaged. A commit cut short by a power loss leaves a file like that, a snapshot's stream never. */
  intact: 1 | 2;
}

const MAGIC = 0xed0cdaed;
const VERSION = 2;
const META_BYTES = 64;
const CHECKSUM_AT = 56;
const SMALLEST_PAGE = 1024;
const LARGEST_PAGE = SMALLEST_PAGE << 15;
/** All bits set. */
const NO_FREELIST = 2 ** 64;

/** Of those of the two that are intact the newer one, as bbolt chooses. */
export function readMetaPages(fd: number, sizeBytes: number): MetaPages {
  const first = readMeta(fd, sizeBytes, 0, 0);
  const second = first === undefined ? findSecond(fd, sizeBytes) : readMeta(fd, sizeBytes, first.pageSizeBytes, 1);
  const newer = (first?.transaction ?? -1n) > (second?.transaction ?? -1n) ? first : second;
  if (newer === undefined) throw damaged('neither meta page', 'is that of a bbolt database, version 2');
  const { pages, pageSizeBytes } = newer;
  if (pages * pageSizeBytes > sizeBytes)
    throw damaged(`page ${Math.floor(sizeBytes / pageSizeBytes)}`, `is not there: the file should have ${pages} pages`);
  return { meta: newer, intact: first !== undefined && second !== undefined ? 2 : 1 };
}

/** With the first damaged nothing tells the size of a page but the second one's place. */
function findSecond(fd: number, sizeBytes: number): Meta | undefined {
  for (let size = SMALLEST_PAGE; size <= LARGEST_PAGE; size *= 2) {
    const meta = readMeta(fd, sizeBytes, size, 1);
    if (meta?.pageSizeBytes === size) return meta;
  }
  return undefined;
}

/** Undefined: not a meta page. */
function readMeta(fd: number, sizeBytes: number, position: number, id: 0 | 1): Meta | undefined {
  if (position + PAGE_HEADER_BYTES + META_BYTES > sizeBytes) return undefined;
  const page = readBytes(fd, position, PAGE_HEADER_BYTES + META_BYTES, `page ${id}`);
  const meta = page.subarray(PAGE_HEADER_BYTES);
  if (meta.readUInt32LE(0) !== MAGIC || meta.readUInt32LE(4) !== VERSION) return undefined;
  if (meta.readBigUInt64LE(CHECKSUM_AT) !== fnv64a(meta.subarray(0, CHECKSUM_AT))) return undefined;
  if (unsignedLe(page, 0) !== id || page.readUInt16LE(8) !== PAGE_KIND.meta) return undefined;
  const pageSizeBytes = meta.readUInt32LE(8);
  if (!isPageSize(pageSizeBytes)) return undefined;
  const freelist = unsignedLe(meta, 32);
  return {
    pageSizeBytes,
    rootPage: unsignedLe(meta, 16),
    freelistPage: freelist === NO_FREELIST ? undefined : freelist,
    pages: unsignedLe(meta, 40),
    transaction: meta.readBigUInt64LE(48),
  };
}

function isPageSize(bytes: number): boolean {
  return bytes >= SMALLEST_PAGE && bytes <= LARGEST_PAGE && Number.isInteger(Math.log2(bytes));
}

/** FNV-1a with 64 bits. */
export function fnv64a(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}
