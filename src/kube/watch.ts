import { deadline } from '../abort.js';
import { DisklessError } from '../errors.js';
import { hasCode, isPassing, isStatus, statusError } from './api-errors.js';
import { backoffMs, realSleep, type Sleep } from './backoff.js';
import type { KubeClient } from './client.js';
import { jsonLines } from './json-lines.js';
import type { KubeObject } from './objects.js';
import { type Query, withQuery } from './paths.js';

/** `receivedNs`: process.hrtime nanoseconds when the socket delivered the last byte of it, before any parsing. */
export type WatchEvent<T extends KubeObject> =
  /** Everything there is; comes first, and again whenever the server no longer knows where we were. */
  | { type: 'listed'; items: T[]; receivedNs: bigint }
  | { type: 'added' | 'modified' | 'deleted'; object: T; receivedNs: bigint };

export interface WatchOptions {
  client: KubeClient;
  /** Path of a collection, from resourcePath(). */
  path: string;
  labelSelector?: string;
  fieldSelector?: string;
  signal: AbortSignal;
  /** After this the server ends the stream and we begin another one from where it stopped. Default 120 s. */
  timeoutSeconds?: number;
  /** A stream that outlives that by so much hangs on a dead connection. Default 5 s. */
  graceMs?: number;
  /** Called when the stream was interrupted and will be resumed: events between may arrive late. */
  onInterrupted?: (error: DisklessError) => void;
  sleep?: Sleep;
}

const BACKOFF = { firstMs: 50, maxMs: 2_000, factor: 2 };
const CHANGE_TYPES: Readonly<Record<string, 'added' | 'modified' | 'deleted'>> = {
  ADDED: 'added',
  MODIFIED: 'modified',
  DELETED: 'deleted',
};

/**
 * List, then watch from there, for ever: connection losses, server restarts and expired resource versions are
 * survived. Ends by leaving the loop, or by the signal, whose reason it throws; any lasting refusal is thrown.
 */
export async function* watch<T extends KubeObject>(options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
  const { signal, onInterrupted, sleep = realSleep } = options;
  const cursor: Cursor = { resourceVersion: undefined, failures: 0 };
  for (;;) {
    try {
      if (cursor.resourceVersion === undefined) yield await listNow<T>(options, cursor);
      yield* watchOnce<T>(options, cursor);
    } catch (error) {
      signal.throwIfAborted();
      if (hasCode(error, 'kube-gone')) cursor.resourceVersion = undefined;
      else if (isPassing(error)) onInterrupted?.(error);
      else throw error;
    }
    // Also after a stream that ended in good order: a server that is shutting down ends each of them at once.
    if (cursor.failures > 0) await sleep(backoffMs(cursor.failures, BACKOFF), signal);
    cursor.failures += 1;
  }
}

interface Cursor {
  /** Where to go on; undefined: list first. */
  resourceVersion: string | undefined;
  /** Streams in a row that told nothing. */
  failures: number;
}

async function listNow<T extends KubeObject>(options: WatchOptions, cursor: Cursor): Promise<WatchEvent<T>> {
  const { client, path, signal } = options;
  const { metadata, items } = await client.list<T>(path, { query: selectors(options), signal });
  cursor.resourceVersion = metadata.resourceVersion;
  return { type: 'listed', items, receivedNs: process.hrtime.bigint() };
}

async function* watchOnce<T extends KubeObject>(options: WatchOptions, cursor: Cursor): AsyncGenerator<WatchEvent<T>> {
  const { client, path, timeoutSeconds = 120, graceMs = 5_000 } = options;
  const { resourceVersion } = cursor;
  const query = { ...selectors(options), watch: true, allowWatchBookmarks: true, timeoutSeconds, resourceVersion };
  const limit = deadline({ parent: options.signal });
  let timer: NodeJS.Timeout | undefined;
  try {
    const chunks = await client.stream(path, { query, signal: limit.signal });
    timer = setTimeout(() => limit.abort(overdue(options)), timeoutSeconds * 1000 + graceMs);
    for await (const { text, receivedNs } of jsonLines(chunks)) {
      const { type, object } = parseEvent<T>(text);
      if (isStatus(object)) throw statusError(object, `GET ${withQuery(path, query)}`, client.transport.label);
      cursor.resourceVersion = object.metadata.resourceVersion ?? cursor.resourceVersion;
      cursor.failures = 0;
      const change = CHANGE_TYPES[type];
      if (change) yield { type: change, object, receivedNs };
    }
  } finally {
    clearTimeout(timer);
    limit.release();
  }
}

function selectors({ labelSelector, fieldSelector }: WatchOptions): Query {
  return { labelSelector, fieldSelector };
}

interface RawEvent<T> {
  type: string;
  /** A bookmark carries only metadata.resourceVersion; an ERROR a Status. */
  object: T;
}

function parseEvent<T>(line: string): RawEvent<T> {
  try {
    return JSON.parse(line) as RawEvent<T>;
  } catch (cause) {
    const message = 'the Kubernetes API sent a watch event that is not JSON';
    throw new DisklessError({ code: 'kube-connection-lost', message, cause });
  }
}

function overdue({ client }: WatchOptions): DisklessError {
  const { label, host } = client.transport;
  const message = `${label} left a watch hanging`;
  return new DisklessError({ code: 'kube-timeout', message, ...(host !== undefined && { host }) });
}
