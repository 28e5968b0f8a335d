import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGzip, gzip, gzipSync } from 'node:zlib';
import type { Encoding } from '../delivery/segment.js';
import { DisklessError, usageError } from '../errors.js';
import type { Content } from './content.js';
import { END_OF_ARCHIVE, tarHeader, tarMember, tarPadding } from './tar-member.js';
import { builtinZstd, findZstd, zstdParameters } from './zstd.js';
import { storedZstdFrame } from './zstd-frame.js';

/**
 * Measured on kubelet 1.20.2 (105 MB), one core: level 3 gives 25.2 MB in 0.7 s, 6 23.7 MB in 2 s, 9 23.0 MB in 3.3 s,
 * 12 22.8 MB in 7 s, 19 20.1 MB in 110 s; all decompress in 0.16 s. Paid once per version, 9 is where waiting still
 * buys something.
 */
const ZSTD_LEVEL = 9;
/** The same file: level 1 gives 31.4 MB in 2.4 s, 6 27.2 MB in 5.8 s, 9 26.9 MB in 16 s. */
const GZIP_LEVEL = 6;

/** What this machine can compress, best first. Nodes without zstd need gzip, which Node always has. */
export async function operatorEncodings(env: NodeJS.ProcessEnv): Promise<Encoding[]> {
  return (await findZstd(env)) === undefined ? ['gzip'] : ['zstd', 'gzip'];
}

/**
 * Writes a content as one compressed tar member named by its SHA-256: a complete zstd frame or gzip member, so that
 * several of them, one after the other and closed by `endOfArchive`, are one archive.
 *
 * @throws DisklessError `artifact-changed` when the content is no longer what it was, `zstd-missing`, `compress-failed`.
 */
export async function compressMember(options: {
  content: Content;
  encoding: Encoding;
  path: string;
  env: NodeJS.ProcessEnv;
  onBytes: (count: number) => void;
  signal?: AbortSignal | undefined;
}): Promise<void> {
  const { content, encoding, path, env, onBytes, signal } = options;
  const source = memberBytes(content, onBytes);
  if (encoding === 'gzip') {
    const compress = createGzip({ level: GZIP_LEVEL });
    return pipeline(source, compress, createWriteStream(path), { ...(signal && { signal }) });
  }
  const zstd = await findZstd(env);
  if (zstd === undefined) throw zstdMissing();
  await zstd({ source, path, level: ZSTD_LEVEL, signal });
}

async function* memberBytes(content: Content, onBytes: (count: number) => void): AsyncGenerator<Buffer> {
  const { sha256, size } = content;
  const hash = createHash('sha256');
  yield tarHeader({ name: sha256, mode: 0o644, size });
  let length = 0;
  for await (const chunk of content.open()) {
    length += chunk.length;
    if (length > size) break;
    hash.update(chunk);
    onBytes(chunk.length);
    yield chunk;
  }
  if (length !== size || hash.digest('hex') !== sha256) throw changed(content);
  yield tarPadding(size);
}

/** What closes a concatenation of members of one encoding. */
export function endOfArchive(encoding: Encoding): Buffer {
  return encoding === 'gzip' ? GZIP_END : ZSTD_END;
}

const GZIP_END = gzipSync(END_OF_ARCHIVE);
const ZSTD_END = storedZstdFrame(END_OF_ARCHIVE);

/** A small file rendered on the operator. */
export interface SmallFile {
  /** Name of the entry in the tar stream. */
  entry: string;
  mode: number;
  content: Buffer;
}

/**
 * Packs rendered files into one frame of the stream, in memory. Where zlib has no zstd they are stored as they are:
 * some 100 kB per node are not worth starting a process for, on the way to the first service.
 */
export async function packSmallFiles(files: readonly SmallFile[], encoding: Encoding): Promise<Buffer> {
  const tar = Buffer.concat(files.map(({ entry, mode, content }) => tarMember({ name: entry, mode }, content)));
  if (encoding === 'gzip') return promisify(gzip)(tar);
  if (builtinZstd === undefined) return storedZstdFrame(tar);
  return builtinZstd.zstdCompressSync(tar, { params: zstdParameters(builtinZstd, 3) });
}

function changed({ name }: Content): DisklessError {
  return new DisklessError({
    code: 'artifact-changed',
    message: `${name} changed while it was read`,
    hint: 'let whatever writes it finish, and run again',
  });
}

function zstdMissing(): DisklessError {
  return usageError({
    code: 'zstd-missing',
    message: 'this machine can compress for gzip only: neither its Node nor its PATH has zstd',
    hint: 'install the package zstd',
  });
}
