import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Parser, type ReadEntry } from 'tar';
import { z } from 'zod';
import { type DisklessError, usageError } from '../errors.js';
import type { Cache } from './cache.js';
import { Sha256 } from './checksum-file.js';
import { openFile } from './content.js';
import { type ArchiveEntries, describeImages, type ImageDescription } from './image-manifest.js';
import { remembered } from './remembered.js';

const ImageArchive = z.object({
  path: z.string(),
  /** Stored gzipped; it travels and is imported without. */
  gzipped: z.boolean(),
  /** Of the archive without gzip. */
  sha256: Sha256,
  size: z.number(),
  references: z.array(z.string()),
  /** Go's names; empty when the archive does not say. */
  architectures: z.array(z.string()),
});

export type ImageArchive = z.infer<typeof ImageArchive>;

export interface ReadImageArchiveOptions {
  path: string;
  cache: Cache;
  onBytes: (count: number) => void;
  signal?: AbortSignal | undefined;
}

/**
 * What a Docker or OCI image archive holds, by reading through it once; instant while the file stays the same.
 *
 * @throws DisklessError `image-archive-unreadable`, `image-archive-incomplete`, `image-unnamed`.
 */
export async function readImageArchive(options: ReadImageArchiveOptions): Promise<ImageArchive> {
  const { path, cache } = options;
  return remembered(cache, { kind: 'image', path, schema: ImageArchive, compute: () => readThrough(options) });
}

async function readThrough({ path, onBytes, signal }: ReadImageArchiveOptions): Promise<ImageArchive> {
  const gzipped = await isGzip(path);
  const hash = createHash('sha256');
  let size = 0;
  // No generator: pipeline waits forever for a consumer that finishes within end(), as tar's parser does.
  const counted = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      size += chunk.length;
      onBytes(chunk.length);
      done(null, chunk);
    },
  });
  const { parser, entries } = collector();
  try {
    await pipeline(openFile(path, { gunzip: gzipped }), counted, parser, { ...(signal && { signal }) });
  } catch (cause) {
    signal?.throwIfAborted();
    throw unreadable(path, cause);
  }
  const { references, architectures } = checked(path, describeImages(entries));
  return { path, gzipped, sha256: hash.digest('hex'), size, references, architectures };
}

/** Manifests and configurations are a few kilobytes; layers that begin like JSON are not kept either beyond this. */
const DOCUMENT_LIMIT = 1024 * 1024;

function collector(): { parser: Parser; entries: ArchiveEntries } {
  const names = new Set<string>();
  const documents = new Map<string, string>();
  const onReadEntry = (entry: ReadEntry) => {
    const name = entry.path.replace(/^(\.\/)+/, '');
    names.add(name);
    if (entry.size > DOCUMENT_LIMIT) return entry.resume();
    const chunks: Buffer[] = [];
    entry.on('data', (chunk) => chunks.push(chunk));
    entry.on('end', () => {
      const content = Buffer.concat(chunks);
      if (content[0] === 0x7b || content[0] === 0x5b) documents.set(name, content.toString('utf8'));
    });
  };
  return { parser: new Parser({ strict: true, onReadEntry }), entries: { names, documents } };
}

async function isGzip(path: string): Promise<boolean> {
  const handle = await open(path, 'r').catch((cause) => {
    throw unreadable(path, cause);
  });
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer.readUInt16BE(0) === 0x1f8b;
  } finally {
    await handle.close();
  }
}

function checked(path: string, description: ImageDescription | undefined): ImageDescription {
  if (description === undefined) throw unreadable(path, new Error('it has neither an OCI layout nor a manifest.json'));
  if (description.missing.length > 0) {
    throw usageError({
      code: 'image-archive-incomplete',
      message: `${path} lacks parts of the images it names`,
      detail: description.missing.map((name) => `missing ${name}`).join('\n'),
      hint: 'save the image again',
    });
  }
  if (description.references.length > 0) return description;
  throw usageError({
    code: 'image-unnamed',
    message: `${path} does not say what its images are called`,
    hint: `save it with its full name, e.g. skopeo copy SOURCE docker-archive:${basename(path)}:registry.k8s.io/pause:3.6`,
  });
}

function unreadable(path: string, cause: unknown): DisklessError {
  return usageError({
    code: 'image-archive-unreadable',
    message: `${path} is no readable image archive`,
    detail: cause instanceof Error ? cause.message : String(cause),
    hint: 'it must be a .tar or .tar.gz as docker save, skopeo copy docker-archive:/oci-archive: or ctr image export write it',
    cause,
  });
}
