import { damaged } from './damaged.js';
import { ELEMENT_BYTES, LONGEST_KEY, PAGE_HEADER_BYTES } from './page-layout.js';
import type { Page } from './pages.js';
import { unsignedLe } from './unsigned.js';

export interface BranchElement {
  /** No key below is less. */
  key: Buffer;
  child: number;
}

export interface LeafElement {
  key: Buffer;
  /** The value is a bucket. */
  isBucket: boolean;
  /** From the beginning of the page. */
  valueStart: number;
  valueLength: number;
}

const BUCKET_FLAG = 1;

/** Keys are views of the page. Throws `snapshot-damaged` where an element does not lie where bbolt would have written it. */
export function branchElements(page: Page): BranchElement[] {
  const table = elementTable(page);
  const elements: BranchElement[] = [];
  let end = PAGE_HEADER_BYTES + table.length;
  for (let at = 0; at < table.length; at += ELEMENT_BYTES) {
    const keyLength = table.readUInt32LE(at + 4);
    const start = startOf({ page, at, offset: table.readUInt32LE(at), end, keyLength, valueLength: 0 });
    elements.push({ key: page.bytes(start, keyLength), child: unsignedLe(table, at + 8) });
    end = start + keyLength;
  }
  return elements;
}

export function leafElements(page: Page): LeafElement[] {
  const table = elementTable(page);
  const elements: LeafElement[] = [];
  let end = PAGE_HEADER_BYTES + table.length;
  for (let at = 0; at < table.length; at += ELEMENT_BYTES) {
    const flags = table.readUInt32LE(at);
    if (flags > BUCKET_FLAG) throw damaged(page.place, `has an element with unknown flags (0x${flags.toString(16)})`);
    const keyLength = table.readUInt32LE(at + 8);
    const valueLength = table.readUInt32LE(at + 12);
    const start = startOf({ page, at, offset: table.readUInt32LE(at + 4), end, keyLength, valueLength });
    const valueStart = start + keyLength;
    elements.push({
      key: page.bytes(start, keyLength),
      isBucket: flags === BUCKET_FLAG,
      valueStart,
      valueLength,
    });
    end = valueStart + valueLength;
  }
  return elements;
}

function elementTable(page: Page): Buffer {
  const length = page.count * ELEMENT_BYTES;
  if (PAGE_HEADER_BYTES + length > page.sizeBytes)
    throw damaged(page.place, `has ${page.count} elements, more than fit into its ${page.sizeBytes} bytes`);
  return page.bytes(PAGE_HEADER_BYTES, length);
}

interface Place {
  page: Page;
  /** Of the element in its table. */
  at: number;
  /** Of its key from the element on. */
  offset: number;
  /** Where the data of the element before it ends. */
  end: number;
  keyLength: number;
  valueLength: number;
}

/** All versions of bbolt write the data of the elements in their order and without a gap. */
function startOf({ page, at, offset, end, keyLength, valueLength }: Place): number {
  const start = PAGE_HEADER_BYTES + at + offset;
  const which = () => `element ${at / ELEMENT_BYTES}`;
  if (start !== end) throw damaged(page.place, `has ${which()} at byte ${start}, not at ${end} where it belongs`);
  if (keyLength === 0 || keyLength > LONGEST_KEY)
    throw damaged(page.place, `has a key of ${keyLength} bytes in ${which()}`);
  if (start + keyLength + valueLength > page.sizeBytes)
    throw damaged(page.place, `ends before ${which()}, which has ${keyLength + valueLength} bytes`);
  return start;
}
