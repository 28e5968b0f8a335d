import { open } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DisklessError } from '../errors.js';
import type { Content } from './content.js';

/** An answer holds four or five of them, beside what the kernel holds: a hundred at once need some 120 MB. */
const CHUNK = 256 * 1024;

export interface SendOptions {
  content: Content;
  /** Both ends included. */
  start: number;
  end: number;
  response: ServerResponse;
  onSent: (bytes: number) => void;
}

/** Opens what is to be sent, before the headers promise it. @throws DisklessError `served-file-changed` */
export async function openBody({ body, size, name }: Content, start: number, end: number): Promise<Readable> {
  if (Buffer.isBuffer(body)) return Readable.from([body.subarray(start, end + 1)]);
  const handle = await open(body.path).catch((cause: NodeJS.ErrnoException) => {
    throw changed(name, `it cannot be opened (${cause.code})`, cause);
  });
  const found = await handle.stat().catch(async (cause: NodeJS.ErrnoException) => {
    await handle.close();
    throw changed(name, `it cannot be read (${cause.code})`, cause);
  });
  if (found.size === size && found.mtimeMs === body.mtimeMs && found.ino === body.ino) {
    return handle.createReadStream({ start, end, highWaterMark: CHUNK });
  }
  await handle.close();
  throw changed(name, 'it is another file now');
}

/**
 * Sends no faster than the other side takes it. A file that ends too early breaks the connection: a part must not be
 * taken for the whole.
 */
export async function sendBody(
  source: Readable,
  { content, start, end, response, onSent }: SendOptions,
): Promise<void> {
  const expected = end - start + 1;
  await pipeline(
    source,
    async function* count(chunks: AsyncIterable<Buffer>) {
      let sent = 0;
      for await (const chunk of chunks) {
        sent += chunk.length;
        yield chunk;
        onSent(sent);
      }
      if (sent !== expected) throw changed(content.name, 'it ended early');
    },
    response,
  );
}

function changed(name: string, problem: string, cause?: unknown): DisklessError {
  return new DisklessError({
    code: 'served-file-changed',
    message: `${name} has changed on disk since the server started: ${problem}`,
    hint: 'start the server again',
    cause,
  });
}
