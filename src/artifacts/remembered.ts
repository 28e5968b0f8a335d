import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { z } from 'zod';
import { blobPath, type Cache, commitFile, fileStamp, type RecordKey, readRecord, writeRecord } from './cache.js';
import { Sha256 } from './checksum-file.js';

/** Large reads: the thread pool's hand-over costs more than the hashing when they are small. */
export const READ_SIZE = 1024 * 1024;

/**
 * A value computed from a file's content, remembered under its path for as long as the file's stamp stays the same.
 * A file that changes while it is read is computed but not remembered.
 */
export async function remembered<T>(
  cache: Cache,
  { kind, path, schema, compute }: { kind: string; path: string; schema: z.ZodType<T>; compute: () => Promise<T> },
): Promise<T> {
  const record = recordOf(kind, path);
  const stamp = await fileStamp(path);
  const recorded = cache.recheck ? undefined : await readRecord(cache, record);
  const known = recorded?.stamp === stamp ? schema.safeParse(recorded.value) : undefined;
  if (known?.success) return known.data;
  const value = await compute();
  if ((await fileStamp(path)) === stamp) await writeRecord(cache, record, { stamp, value });
  return value;
}

/** One schema for all: zod compiles each on its first use, which takes longer than reading the file. */
const Stamped = z.object({ stamp: z.string(), value: z.unknown() });

function recordOf(kind: string, path: string): RecordKey<z.infer<typeof Stamped>> {
  return { kind, key: path, schema: Stamped };
}

export interface HashOptions {
  /** Default: sha256. */
  algorithm?: 'sha256' | 'sha512';
  /** Called with the number of bytes just read. */
  onBytes?: (count: number) => void;
  signal?: AbortSignal | undefined;
}

/** Puts a finished temporary file of known content in its place, and remembers the hash: nobody need read it again. */
export async function commitHashed(
  cache: Cache,
  { temporary, path, mode = 0o644, sha256 }: { temporary: string; path: string; mode?: number; sha256: string },
): Promise<void> {
  await commitFile({ temporary, path, mode });
  await writeRecord(cache, recordOf('sha256', path), { stamp: await fileStamp(path), value: sha256 });
}

/** SHA-256 of a file in lower-case hex; instant when the file has not changed since it was last asked for. */
export async function sha256Of(
  cache: Cache,
  path: string,
  options: Omit<HashOptions, 'algorithm'> = {},
): Promise<string> {
  return remembered(cache, { kind: 'sha256', path, schema: Sha256, compute: () => hashFile(path, options) });
}

/** @returns the blob of that content, or undefined when there is none; a damaged one is removed first. */
export async function findBlob(cache: Cache, sha256: string): Promise<{ path: string; size: number } | undefined> {
  const path = blobPath(cache, sha256);
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) return undefined;
  if ((await sha256Of(cache, path)) === sha256) return { path, size: stats.size };
  await rm(path, { force: true });
  return undefined;
}

/** Hash of a file in lower-case hex, read now. */
export async function hashFile(path: string, { algorithm = 'sha256', onBytes, signal }: HashOptions): Promise<string> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path, { highWaterMark: READ_SIZE, ...(signal && { signal }) })) {
    hash.update(chunk as Buffer);
    onBytes?.((chunk as Buffer).length);
  }
  return hash.digest('hex');
}
