import type { IncomingMessage, ServerResponse } from 'node:http';
import { createStateFeed } from './state-feed.js';

export interface EventStreamsOptions {
  /** What is to be told at this moment. */
  current: () => object;
  wallClock: () => Date;
  /** So often at most is something told. */
  gapMs: number;
  /** So often something is sent, if only that there is nothing. */
  heartbeatMs: number;
}

/** Readers of server-sent events. */
export interface EventStreams {
  /** Resolves when the reader has gone. */
  serve(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Something may have changed. */
  wake(): void;
  readers(): number;
  /** Lets all readers go; they come back by themselves if somebody listens again. */
  close(): void;
}

interface Reader {
  response: ServerResponse;
  /** Of the last that it was sent. */
  id: string | undefined;
  /** For so many heartbeats it has not taken what it was sent. */
  behind: number;
}

const MOST_READERS = 100;
/** Who has not taken anything for so many heartbeats is let go. */
const MOST_BEHIND = 3;
/** When a browser that lost us comes back, in milliseconds. */
const RETRY_MS = 2_000;

/** A reader that is slow misses what was true in between, never what is true now: nothing is queued for it. */
export function createEventStreams(options: EventStreamsOptions): EventStreams {
  const { current, wallClock, gapMs, heartbeatMs } = options;
  const feed = createStateFeed();
  const readers = new Set<Reader>();
  let gap: NodeJS.Timeout | undefined;
  let isDue = false;
  let isClosed = false;
  const heartbeat = setInterval(beat, heartbeatMs).unref();

  function tell(reader: Reader): void {
    const { response } = reader;
    if (response.writableNeedDrain || response.writableEnded) return;
    const patch = feed.since(reader.id);
    if (patch === undefined) return;
    reader.id = patch.id;
    const at = wallClock().toISOString();
    response.write(`id: ${patch.id}\ndata: {"at":"${at}","changed":${patch.data}}\n\n`);
  }

  function tellAll(): void {
    isDue = false;
    if (readers.size === 0) return;
    try {
      feed.update(current());
      for (const reader of readers) tell(reader);
    } catch {
      // A fault of the page is none of whoever woke it; readers come back, and are told of it.
      for (const { response } of readers) response.destroy();
    }
    gap = setTimeout(() => {
      gap = undefined;
      if (isDue) tellAll();
    }, gapMs).unref();
  }

  function beat(): void {
    for (const reader of readers) {
      const { response } = reader;
      reader.behind = response.writableNeedDrain ? reader.behind + 1 : 0;
      if (reader.behind > MOST_BEHIND) response.destroy();
      else if (reader.behind === 0) response.write(': still here\n\n');
    }
  }

  return {
    readers: () => readers.size,
    serve(request, response) {
      if (isClosed || readers.size >= MOST_READERS) return refuse(response);
      feed.update(current());
      const reader = { response, id: request.headers['last-event-id']?.toString(), behind: 0 };
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
      response.write(`retry: ${RETRY_MS}\n\n`);
      // That one has gone is told by `close`.
      response.on('error', () => undefined);
      response.on('drain', () => tell(reader));
      readers.add(reader);
      tell(reader);
      return new Promise((resolve) => {
        response.once('close', () => {
          readers.delete(reader);
          resolve();
        });
      });
    },
    wake() {
      isDue = true;
      if (gap === undefined) tellAll();
    },
    close() {
      clearInterval(heartbeat);
      clearTimeout(gap);
      isClosed = true;
      // One that takes nothing is closed by Node.js with all that are idle: it has been said to have its end.
      for (const { response } of readers) response.end();
    },
  };
}

async function refuse(response: ServerResponse): Promise<void> {
  const text = 'too many readers\n';
  response
    .writeHead(503, { 'content-type': 'text/plain', 'content-length': text.length, 'retry-after': '60' })
    .end(text);
}
