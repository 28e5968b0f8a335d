import { damaged } from './damaged.js';
import type { LeafElement } from './elements.js';
import { BUCKET_HEADER_BYTES } from './page-layout.js';
import type { Page } from './pages.js';
import { unsignedLe } from './unsigned.js';

/** The root page of the bucket that is the element's value; undefined if the bucket lies inline there. */
export function bucketHeader(page: Page, { valueStart, valueLength }: LeafElement): number | undefined {
  if (valueLength < BUCKET_HEADER_BYTES) throw damaged(page.place, `has a bucket of ${valueLength} bytes`);
  const root = unsignedLe(page.bytes(valueStart, BUCKET_HEADER_BYTES), 0);
  if (root === 0) return undefined;
  if (valueLength > BUCKET_HEADER_BYTES)
    throw damaged(page.place, `has a bucket of ${valueLength} bytes that is not inline`);
  return root;
}
