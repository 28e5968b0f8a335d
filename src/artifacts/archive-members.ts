import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Parser, type ReadEntry } from 'tar';
import { z } from 'zod';
import { DisklessError } from '../errors.js';
import { blobPath, type Cache, type RecordKey, readRecord, withTemporary, writeRecord } from './cache.js';
import { Sha256 } from './checksum-file.js';
import { commitHashed, findBlob, READ_SIZE } from './remembered.js';
import type { LocalFile } from './source.js';

const Members = z.record(z.string(), z.object({ sha256: Sha256, size: z.number() }));

export interface ExtractOptions {
  /** A verified .tar.gz. */
  archive: LocalFile;
  /** Paths inside it, without a leading `./`. */
  members: readonly string[];
  cache: Cache;
  signal?: AbortSignal | undefined;
}

/**
 * Takes single files out of a release archive into the cache, where they are known by their own content. Only regular
 * files with exactly the wanted names are read, so that nothing an archive says decides where something is written.
 *
 * @throws DisklessError `archive-member-missing` or `archive-unreadable`.
 */
export async function extractMembers(options: ExtractOptions): Promise<ReadonlyMap<string, LocalFile>> {
  const { archive, members, cache } = options;
  const record: RecordKey<z.infer<typeof Members>> = { kind: 'archive', key: archive.sha256, schema: Members };
  const known = (await readRecord(cache, record)) ?? {};
  const present = await blobsOf(cache, known, members);
  if (present.size === members.length) return present;
  const extracted = await extractAll(options);
  const found = Object.fromEntries([...extracted].map(([name, { sha256, size }]) => [name, { sha256, size }]));
  await writeRecord(cache, record, { ...known, ...found });
  return extracted;
}

async function blobsOf(
  cache: Cache,
  known: z.infer<typeof Members>,
  members: readonly string[],
): Promise<Map<string, LocalFile>> {
  const found = await Promise.all(
    members.map(async (name): Promise<[string, LocalFile] | undefined> => {
      const sha256 = known[name]?.sha256;
      const blob = sha256 === undefined ? undefined : await findBlob(cache, sha256);
      return sha256 === undefined || blob === undefined ? undefined : [name, { ...blob, sha256 }];
    }),
  );
  return new Map(found.filter((entry) => entry !== undefined));
}

async function extractAll({ archive, members, cache, signal }: ExtractOptions): Promise<Map<string, LocalFile>> {
  const pending = new Map<string, Promise<LocalFile>>();
  // An entry whose archive breaks off never ends by itself.
  const broken = new AbortController();
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      const name = entry.path.replace(/^(\.\/)+/, '');
      if (entry.type !== 'File' || !members.includes(name) || pending.has(name)) return entry.resume();
      const blob = storeBlob(cache, entry, broken.signal);
      // Reported by the await below; until then it must not count as unhandled.
      blob.catch(() => entry.resume());
      pending.set(name, blob);
    },
  });
  const source = createReadStream(archive.path, { highWaterMark: READ_SIZE });
  try {
    await pipeline(source, createGunzip(), parser, { ...(signal && { signal }) });
  } catch (cause) {
    broken.abort();
    await Promise.allSettled(pending.values());
    signal?.throwIfAborted();
    throw unreadable(archive, cause);
  }
  const missing = members.filter((name) => !pending.has(name));
  const blobs = await Promise.all([...pending].map(async ([name, blob]) => [name, await blob] as const));
  if (missing.length > 0) throw memberMissing(archive, missing);
  return new Map(blobs);
}

async function storeBlob(cache: Cache, entry: ReadEntry, signal: AbortSignal): Promise<LocalFile> {
  return withTemporary(cache, async (temporary) => {
    const hash = createHash('sha256');
    async function* hashed(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of source) {
        hash.update(chunk);
        yield chunk;
      }
    }
    await pipeline(entry, hashed, createWriteStream(temporary), { signal });
    const sha256 = hash.digest('hex');
    const path = blobPath(cache, sha256);
    await commitHashed(cache, { temporary, path, sha256 });
    return { path, sha256, size: entry.size };
  });
}

function memberMissing(archive: LocalFile, missing: readonly string[]): DisklessError {
  return new DisklessError({
    code: 'archive-member-missing',
    message: `${archive.path} does not contain ${missing.join(', ')}`,
    hint: 'its checksum is right, so it is another archive than the release of that name: replace both',
  });
}

function unreadable(archive: LocalFile, cause: unknown): DisklessError {
  return new DisklessError({
    code: 'archive-unreadable',
    message: `${archive.path} is no readable .tar.gz`,
    detail: cause instanceof Error ? cause.message : String(cause),
    hint: 'its checksum is right, so it was packed that way: replace it and its checksum by the released ones',
    cause,
  });
}
