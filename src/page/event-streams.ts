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
  const heartbeat = setInterval(beat, heartbeatMs).unref();

  function tell(reader: Reader): void {
    if (reader.response.writableNeedDrain) return;
    const patch = feed.since(reader.id);
    if (patch === undefined) return;
    reader.id = patch.id;
    const at = wallClock().toISOString();
    reader.response.write(`id: ${patch.id}\ndata: {"at":"${at}","changed":${patch.data}}\n\n`);
  }

  function tellAll(): void {
    isDue = false;
    if (readers.size === 0) return;
    feed.update(current());
    for (const reader of readers) tell(reader);
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
      if (readers.size >= MOST_READERS) return refuse(response);
      const reader = { response, id: request.headers['last-event-id']?.toString(), behind: 0 };
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
      response.write(`retry: ${RETRY_MS}\n\n`);
      response.on('drain', () => tell(reader));
      readers.add(reader);
      feed.update(current());
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
