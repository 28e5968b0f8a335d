import { damaged } from './damaged.js';
import type { Meta } from './meta-pages.js';
import { BUCKET_HEADER_BYTES, PAGE_HEADER_BYTES, PAGE_KIND, type PageKind } from './page-layout.js';
import { readBytes } from './read-bytes.js';
import { unsignedLe } from './unsigned.js';

/** A page with those that overflow it, or one that lies inline in a value. */
export interface Page {
  /** For messages. */
  place: string;
  kind: PageKind;
  /** Of elements. */
  count: number;
  /** Its own, and how many follow that belong to it. Inline: 0 and 0. */
  id: number;
  overflow: number;
  sizeBytes: number;
  /** Where in the file it begins. */
  position: number;
  /** Part of it; the caller stays within its size. */
  bytes(start: number, length: number): Buffer;
}

/** Read at once: most of what overflows a page does not overflow it by much. */
const WINDOW_BYTES = 65_536;

export interface PageSource {
  fd: number;
  meta: Meta;
}

/** Throws `snapshot-damaged` for a page that is out of bounds, or calls itself another. */
export function readPage({ fd, meta }: PageSource, id: number): Page {
  const { pageSizeBytes, pages } = meta;
  const place = `page ${id}`;
  if (id < 2 || id >= pages) throw damaged(place, `is referred to, but pages are 2 to ${pages - 1}`);
  const position = id * pageSizeBytes;
  const header = readBytes(fd, position, pageSizeBytes, place);
  const { overflow, ...described } = readHeader(header, id, place);
  if (id + overflow >= pages) throw damaged(place, `has ${overflow} further pages, beyond the last one, ${pages - 1}`);
  const sizeBytes = (1 + overflow) * pageSizeBytes;
  const window = overflow === 0 ? header : readBytes(fd, position, Math.min(sizeBytes, WINDOW_BYTES), place);
  const bytes = (start: number, length: number): Buffer =>
    start + length <= window.length
      ? window.subarray(start, start + length)
      : readBytes(fd, position + start, length, place);
  return { ...described, place, id, overflow, sizeBytes, position, bytes };
}

/** The only page of a bucket that is small, in the bucket's value on another page. */
export function inlinePage(holder: Page, valueStart: number, valueLength: number): Page {
  const place = `the inline bucket on ${holder.place}`;
  const sizeBytes = valueLength - BUCKET_HEADER_BYTES;
  if (sizeBytes < PAGE_HEADER_BYTES) throw damaged(place, `has ${valueLength} bytes, less than a page's header`);
  const start = valueStart + BUCKET_HEADER_BYTES;
  const header = readHeader(holder.bytes(start, PAGE_HEADER_BYTES), 0, place);
  if (header.kind !== 'leaf' || header.overflow !== 0) throw damaged(place, 'is not a single leaf');
  const bytes = (at: number, length: number): Buffer => holder.bytes(start + at, length);
  return { ...header, place, id: 0, sizeBytes, position: holder.position + start, bytes };
}

function readHeader(header: Buffer, id: number, place: string): { kind: PageKind; count: number; overflow: number } {
  const called = unsignedLe(header, 0);
  if (called !== id) throw damaged(place, `calls itself page ${called}`);
  return {
    kind: kindOf(header.readUInt16LE(8), place),
    count: header.readUInt16LE(10),
    overflow: header.readUInt32LE(12),
  };
}

function kindOf(flags: number, place: string): PageKind {
  switch (flags) {
    case PAGE_KIND.branch:
      return 'branch';
    case PAGE_KIND.leaf:
      return 'leaf';
    case PAGE_KIND.meta:
      return 'meta';
    case PAGE_KIND.freelist:
      return 'freelist';
    default:
      throw damaged(place, `is of no known kind (0x${flags.toString(16)})`);
  }
}
