import type { IncomingHttpHeaders } from 'node:http';

interface Validators {
  /** Strong, in quotes. */
  etag: string;
  modified: Date;
}

/** Whether the client has this very version already (RFC 9110 §13.1): then 304 is the answer. */
export function isNotModified(headers: IncomingHttpHeaders, { etag, modified }: Validators): boolean {
  const tags = headers['if-none-match'];
  if (tags !== undefined) {
    return tags.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, '')));
  }
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return !Number.isNaN(since) && wholeSeconds(modified) <= since;
}

/** Whether a range may be answered: without If-Range always, else only for the version the client has a part of. */
export function rangeHolds(headers: IncomingHttpHeaders, { etag, modified }: Validators): boolean {
  const condition = headers['if-range']?.toString().trim();
  if (condition === undefined) return true;
  return condition.startsWith('"') ? condition === etag : Date.parse(condition) === wholeSeconds(modified);
}

/** HTTP dates know no fractions. */
function wholeSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000) * 1000;
}
