import type { IncomingMessage } from 'node:http';
import { type WantedBytes, wantedBytes } from './byte-range.js';
import { isNotModified, rangeHolds } from './preconditions.js';
import type { Resource } from './resources.js';

/** What an answer begins with. */
export interface ResponseHead {
  status: 200 | 206 | 304 | 416;
  headers: Record<string, string | number>;
  /** What of the resource is to follow; undefined: nothing. */
  body?: Exclude<WantedBytes, 'unsatisfiable'>;
  /** Length of that. */
  bytes: number;
}

/** Decides how a request for a resource is answered. Pure. */
export function responseHead({ method, headers }: IncomingMessage, resource: Resource): ResponseHead {
  const { size, etag, modified, contentType } = resource;
  const common = {
    etag,
    'last-modified': modified.toUTCString(),
    'accept-ranges': 'bytes',
    // Scripts and Ignition change whenever the server is started with another configuration.
    'cache-control': 'no-cache',
  };
  if (isNotModified(headers, resource)) return { status: 304, headers: common, bytes: 0 };
  const wanted = wantedBytes(rangeHolds(headers, resource) ? headers.range : undefined, size);
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
