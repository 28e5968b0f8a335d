/* How bbolt lays out a page (internal/common of 1.4; 1.3 has the same): numbers have the least significant byte first. */

/** Number (8 bytes), kind (2), count of elements (2), further pages that belong to it (4). */
export const PAGE_HEADER_BYTES = 16;

/** Branch: place of the key (4), its length (4), page below (8). Leaf: flags, place of the key, its length, the value's. */
export const ELEMENT_BYTES = 16;

/** Of a bucket: its root page (8), 0 if the bucket lies inline behind this; a sequence that etcd does not use (8). */
export const BUCKET_HEADER_BYTES = 16;

export const PAGE_KIND = { branch: 1, leaf: 2, meta: 4, freelist: 16 } as const;

export type PageKind = keyof typeof PAGE_KIND;

/** bbolt's own limit. */
export const LONGEST_KEY = 32_768;
