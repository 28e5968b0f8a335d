import { open } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DisklessError } from '../../errors.js';
import type { Resource } from './resources.js';

/** A transfer holds four or five of them, beside what the kernel holds: a hundred machines at once need some 120 MB. */
const CHUNK = 256 * 1024;

export interface SendOptions {
  resource: Resource;
  /** Both ends included. */
  start: number;
  end: number;
  response: ServerResponse;
  onSent: (bytes: number) => void;
}

/** Opens what is to be sent, before the headers promise it. @throws DisklessError `boot-image-changed` */
export async function openBody({ body, size, name }: Resource, start: number, end: number): Promise<Readable> {
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
 * Sends no faster than the machine takes it. A file that ends too early breaks the connection: the machine must not
 * take a part for the whole.
 */
export async function sendBody(
  source: Readable,
  { resource, start, end, response, onSent }: SendOptions,
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
      if (sent !== expected) throw changed(resource.name, 'it ended early');
    },
    response,
  );
}

function changed(name: string, problem: string, cause?: unknown): DisklessError {
  return new DisklessError({
    code: 'boot-image-changed',
    message: `${name} has changed on disk since the server started: ${problem}`,
    hint: 'start the boot server again',
    cause,
  });
}
