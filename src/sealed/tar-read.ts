import { Header } from 'tar';
import type { TarFile } from './tar-write.js';

const BLOCK = 512;

/** What is not a whole archive of plain files. Never leaves this folder's users: they know which file it was. */
export class NoArchive extends Error {}

/**
 * The files of an archive, each to be taken before the next; what is left of one is passed over. Ends only after the
 * archive's own end, so that one that was cut is seen.
 *
 * @throws NoArchive; whatever the chunks throw
 */
export async function* filesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TarFile> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    yield* filesIn(byteReader(iterator));
  } finally {
    await iterator.return?.();
  }
}

async function* filesIn(bytes: ReturnType<typeof byteReader>): AsyncGenerator<TarFile> {
  for (;;) {
    const header = headerOf(await bytes.exactly(BLOCK));
    if (header.nullBlock) {
      await bytes.exactly(BLOCK);
      return bytes.drain();
    }
    const { cksumValid, type, path, size } = header;
    if (!cksumValid || type !== 'File' || path === undefined || size === undefined) throw new NoArchive('no archive');
    let left = size;
    const content = bytes.next(size, (taken) => (left -= taken));
    yield { name: path, sizeBytes: size, content };
    for await (const _ of bytes.next(left));
    await bytes.exactly((BLOCK - (size % BLOCK)) % BLOCK);
  }
}

function headerOf(block: Buffer): Header {
  try {
    return new Header(block);
  } catch {
    throw new NoArchive('no archive');
  }
}

function byteReader(iterator: AsyncIterator<Uint8Array>) {
  let rest: Uint8Array = new Uint8Array(0);
  const some = async (limit: number): Promise<Uint8Array> => {
    while (rest.length === 0) {
      const { done, value } = await iterator.next();
      if (done) throw new NoArchive('it ends too early');
      rest = value;
    }
    const part = rest.subarray(0, limit);
    rest = rest.subarray(part.length);
    return part;
  };
  async function* next(count: number, onTaken: (bytes: number) => void = () => {}): AsyncGenerator<Uint8Array> {
    for (let left = count; left > 0; ) {
      const part = await some(left);
      left -= part.length;
      onTaken(part.length);
      yield part;
    }
  }
  return {
    next,
    async exactly(count: number): Promise<Buffer> {
      const parts: Uint8Array[] = [];
      for await (const part of next(count)) parts.push(part);
      return Buffer.concat(parts);
    },
    /** To the last byte: whoever makes them may have something to say at the end. */
    async drain(): Promise<void> {
      while (!(await iterator.next()).done);
    },
  };
}
