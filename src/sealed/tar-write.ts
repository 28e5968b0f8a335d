import { Header } from 'tar';

const BLOCK = 512;

export interface TarFile {
  /** At most 100 bytes. */
  name: string;
  sizeBytes: number;
  content: AsyncIterable<Uint8Array>;
}

/** Private files as an archive that any tar reads. What is longer or shorter than it said breaks it off. */
export async function* tarOf(
  files: AsyncIterable<TarFile> | Iterable<TarFile>,
  writtenAt: Date,
): AsyncGenerator<Uint8Array> {
  for await (const { name, sizeBytes, content } of files) {
    yield headerOf(name, sizeBytes, writtenAt);
    let written = 0;
    for await (const chunk of content) {
      written += chunk.length;
      yield chunk;
    }
    if (written !== sizeBytes) throw new Error(`${name} has ${written} bytes, and had ${sizeBytes} a moment before`);
    yield Buffer.alloc((BLOCK - (sizeBytes % BLOCK)) % BLOCK);
  }
  yield Buffer.alloc(2 * BLOCK);
}

function headerOf(path: string, size: number, mtime: Date): Buffer {
  const block = Buffer.alloc(BLOCK);
  const isTooLong = new Header({ path, size, mtime, mode: 0o600, type: 'File', uid: 0, gid: 0 }).encode(block);
  if (isTooLong) throw new RangeError(`the name ${path} is too long for an archive`);
  return block;
}
