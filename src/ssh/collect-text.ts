import type { Readable } from 'node:stream';

/** Everything a stream gives, as UTF-8; with more than `maxBytes` it stops reading and fails. */
export async function collectText(stream: Readable, maxBytes: number, tooMuch: () => Error): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooMuch();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
