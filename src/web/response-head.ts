import type { IncomingMessage } from 'node:http';
import { type WantedBytes, wantedBytes } from './byte-range.js';
import type { Content } from './content.js';
import { isNotModified, rangeHolds } from './preconditions.js';

/** What an answer begins with. */
export interface ResponseHead {
  status: 200 | 206 | 304 | 416;
  headers: Record<string, string | number>;
  /** What of the content is to follow; undefined: nothing. */
  body?: Exclude<WantedBytes, 'unsatisfiable'>;
  /** Length of that. */
  bytes: number;
}

/** Decides how a request for some content is answered. Pure. */
export function responseHead({ method, headers }: IncomingMessage, content: Content): ResponseHead {
  const { size, etag, modified, contentType } = content;
  const common = {
    etag,
    'last-modified': modified.toUTCString(),
    'accept-ranges': 'bytes',
    // It may be another when the server is next started.
    'cache-control': 'no-cache',
  };
  if (isNotModified(headers, content)) return { status: 304, headers: common, bytes: 0 };
  const wanted = wantedBytes(rangeHolds(headers, content) ? headers.range : undefined, size);
  if (wanted === 'unsatisfiable') {
    const range = { 'content-range': `bytes */${size}`, 'content-length': 0 };
    return { status: 416, headers: { ...common, ...range }, bytes: 0 };
  }
  const { start, end, partial } = wanted;
  const length = end - start + 1;
  const whole = { ...common, 'content-type': contentType, 'content-length': length };
  const withBody = method === 'GET' && length > 0;
  return {
    status: partial ? 206 : 200,
    headers: partial ? { ...whole, 'content-range': `bytes ${start}-${end}/${size}` } : whole,
    bytes: withBody ? length : 0,
    ...(withBody && { body: wanted }),
  };
}
