import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { z } from 'zod';
import { DisklessError } from '../errors.js';
import { writeFileAtomic } from '../state/atomic-write.js';
import { isAbandoned, ownerTag } from './owner.js';

/**
 * The operator's cache. Everything in it can be made again, so that losing it costs time only:
 *
 *     blobs/<sha256>                   downloads, and files taken out of archives, by content
 *     members/<sha256>.tar.zst|.tar.gz  the same compressed once as members of the stream to nodes
 *     records/<kind>/<key>.json        what is known of a file or a content, so that it need not be read again
 *     parts/                           downloads and compressions under way
 *     os-images/<os>/<arch>/<version>.json  which blobs make up an operating system that was fetched
 *
 * Several processes may use it at once: files appear by rename under names that tell their content.
 */
export interface Cache {
  root: string;
  /** Believe no record about a file: read and hash everything again. */
  recheck: boolean;
}

/** `$XDG_CACHE_HOME/k8s-diskless`, else `~/.cache/k8s-diskless`. */
export function defaultCacheRoot(env: NodeJS.ProcessEnv): string {
  const base = env.XDG_CACHE_HOME;
  // The XDG specification tells to ignore a relative path.
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), '.cache'), 'k8s-diskless');
}

/** @throws DisklessError `cache-unusable` when the directories cannot be made. */
export async function openCache({ root, recheck = false }: { root: string; recheck?: boolean }): Promise<Cache> {
  try {
    for (const folder of ['blobs', 'members', 'parts', 'records']) await mkdir(join(root, folder), { recursive: true });
    await sweep(join(root, 'parts'));
  } catch (cause) {
    throw cacheUnusable(root, cause);
  }
  return { root, recheck };
}

/** Removes what killed processes left half-written. */
async function sweep(parts: string): Promise<void> {
  for (const name of await readdir(parts)) {
    const tag = /^[0-9a-f]{16}\.(.+)\.tmp$/.exec(name)?.[1];
    if (tag !== undefined && (await isAbandoned(tag))) await rm(join(parts, name), { force: true });
  }
}

export function blobPath(cache: Cache, sha256: string): string {
  return join(cache.root, 'blobs', sha256);
}

/** A name nobody else uses, on the cache's own filesystem so that a rename is enough. */
async function temporaryPath(cache: Cache): Promise<string> {
  return join(cache.root, 'parts', `${randomBytes(8).toString('hex')}.${await ownerTag()}.tmp`);
}

/** Puts a finished temporary file in its place, safe against a power cut between the two. */
export async function commitFile(options: { temporary: string; path: string; mode: number }): Promise<void> {
  const handle = await open(options.temporary, 'r');
  try {
    await handle.chmod(options.mode);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(options.temporary, options.path);
}

/**
 * Runs `fill` with a fresh temporary file's name; what it left is removed when it fails, and a full or read-only cache
 * becomes an error that says so.
 */
export async function withTemporary<T>(cache: Cache, fill: (temporary: string) => Promise<T>): Promise<T> {
  const temporary = await temporaryPath(cache);
  try {
    return await fill(temporary);
  } catch (error) {
    // What made `fill` fail may stand in the way of this too, and is the better reason.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw asCacheError(cache, error);
  }
}

/**
 * Changes whenever the file is written or replaced: good enough not to read 100 MB again. Without the change time,
 * which a hard link made by a mirror's or backup's tool alters too.
 */
export async function fileStamp(path: string): Promise<string> {
  const { size, mtimeNs, ino } = await stat(path, { bigint: true });
  return `${size}:${mtimeNs}:${ino}`;
}

export interface RecordKey<T> {
  kind: string;
  key: string;
  schema: z.ZodType<T>;
}

/** What was recorded, or undefined: an unreadable or outdated record is as good as none. */
export async function readRecord<T>(cache: Cache, { kind, key, schema }: RecordKey<T>): Promise<T | undefined> {
  const text = await readFile(recordPath(cache, kind, key), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

export async function writeRecord<T>(cache: Cache, { kind, key }: RecordKey<T>, value: T): Promise<void> {
  const path = recordPath(cache, kind, key);
  try {
    await mkdir(join(cache.root, 'records', kind), { recursive: true });
    await writeFileAtomic(path, JSON.stringify(value), 0o644);
  } catch (cause) {
    throw cacheUnusable(cache.root, cause);
  }
}

function recordPath(cache: Cache, kind: string, key: string): string {
  return join(cache.root, 'records', kind, `${createHash('sha256').update(key).digest('hex')}.json`);
}

/** A full or read-only cache as an error that says so; anything else unchanged. */
export function asCacheError(cache: Cache, error: unknown): unknown {
  const { code = '', path } = error as NodeJS.ErrnoException;
  // Writing to an open file tells no path, and the cache is the only place written to.
  const full = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code);
  const refused = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR'].includes(code) && path?.startsWith(cache.root) === true;
  return full || refused ? cacheUnusable(cache.root, error) : error;
}

function cacheUnusable(root: string, cause: unknown): DisklessError {
  return new DisklessError({
    code: 'cache-unusable',
    message: `cannot write to the cache directory ${root}`,
    detail: cause instanceof Error ? cause.message : String(cause),
    hint: 'free some space or correct its permissions, or set XDG_CACHE_HOME to a directory you can write to',
    cause,
  });
}
