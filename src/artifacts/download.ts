import { open, rm, stat, truncate } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { DisklessError } from '../errors.js';
import { asCacheError, blobPath, type Cache, type RecordKey, readRecord, writeRecord } from './cache.js';
import { Sha256 } from './checksum-file.js';
import { displayUrl, HttpStatusError, httpGet } from './http-get.js';
import { claimPartialFile, releasePartialFile } from './partial-file.js';
import { commitHashed, findBlob, hashFile } from './remembered.js';
import { type RetryOptions, retryTransient } from './retry.js';
import type { LocalFile } from './source.js';

/** How downloads behave; see `downloadSettings` for the values in use. */
export interface DownloadSettings extends Omit<RetryOptions, 'signal'> {
  env: NodeJS.ProcessEnv;
  idleTimeoutMs: number;
}

export function downloadSettings(env: NodeJS.ProcessEnv): DownloadSettings {
  return {
    env,
    idleTimeoutMs: 20_000,
    attempts: 5,
    sleep: async (ms, signal) => setTimeout(ms, undefined, { ...(signal && { signal }) }),
    random: Math.random,
  };
}

export interface DownloadOptions {
  url: URL;
  cache: Cache;
  settings: DownloadSettings;
  signal?: AbortSignal | undefined;
}

/** Checksum files are lines; whatever is longer is something else. */
const TEXT_LIMIT = 1024 * 1024;

export interface SmallOptions extends Omit<DownloadOptions, 'cache'> {
  /** Default: more than any checksum file has. */
  maxBytes?: number;
}

/** A small text file. @throws HttpStatusError, or the connection's error, after the retries are used up. */
export async function downloadText(options: SmallOptions): Promise<string> {
  return (await downloadSmall(options)).toString('utf8');
}

/** The same for a file that is no text, such as a signature. */
export async function downloadSmall({ url, settings, signal, maxBytes = TEXT_LIMIT }: SmallOptions): Promise<Buffer> {
  return retryTransient(
    async () => {
      const response = await httpGet({ url, ...settings, signal });
      if (response.statusCode !== 200) throw unexpectedStatus(response, url);
      const chunks: Buffer[] = [];
      let length = 0;
      for await (const chunk of response) {
        chunks.push(chunk as Buffer);
        length += (chunk as Buffer).length;
        if (length > maxBytes)
          throw new Error(`${displayUrl(url)} is too long: more than ${maxBytes / 1024 / 1024} MiB`);
      }
      return Buffer.concat(chunks);
    },
    { ...settings, signal },
  );
}

interface ContentOptions extends DownloadOptions {
  /** Bytes here and, when the server says it, bytes in all (else 0). */
  onProgress: (done: number, total: number) => void;
}

/** What a file must be: lower-case hex. */
export interface Digest {
  algorithm: 'sha256' | 'sha512';
  hex: string;
}

/**
 * Brings a file of known content into the cache, continuing where an earlier attempt or an earlier run stopped.
 *
 * @throws DisklessError `artifact-corrupt` when the server serves something else; HttpStatusError or the connection's
 * error after the retries are used up.
 */
export async function downloadBlob(
  options: ContentOptions & { sha256: string },
): Promise<{ path: string; size: number }> {
  const { cache, sha256 } = options;
  const present = await findBlob(cache, sha256);
  if (present) return present;
  const { path, size } = await fetchBlob({ ...options, digest: { algorithm: 'sha256', hex: sha256 } });
  return { path, size };
}

/** The same for a file of which upstream tells only the SHA-512; blobs lie under their SHA-256 all the same. */
export async function downloadSha512(options: ContentOptions & { sha512: string }): Promise<LocalFile> {
  const { cache, sha512 } = options;
  const record: RecordKey<string> = { kind: 'by-sha512', key: sha512, schema: Sha256 };
  const known = await readRecord(cache, record);
  const present = known === undefined ? undefined : await findBlob(cache, known);
  if (known !== undefined && present) return { ...present, sha256: known };
  const blob = await fetchBlob({ ...options, digest: { algorithm: 'sha512', hex: sha512 } });
  await writeRecord(cache, record, blob.sha256);
  return blob;
}

type BlobOptions = ContentOptions & { digest: Digest };

async function fetchBlob(options: BlobOptions): Promise<LocalFile> {
  const { cache, digest, signal } = options;
  // The name of a partial file has room for the first half of a SHA-512.
  const key = digest.hex.slice(0, 64);
  const part = await claimPartialFile(cache, key);
  try {
    await fillAndVerify(part, options);
    const sha256 = digest.algorithm === 'sha256' ? digest.hex : await hashFile(part, { signal });
    const path = blobPath(cache, sha256);
    await commitHashed(cache, { temporary: part, path, sha256 });
    return { path, sha256, size: (await stat(path)).size };
  } catch (error) {
    await releasePartialFile(cache, key);
    throw asCacheError(cache, error);
  }
}

async function fillAndVerify(part: string, options: BlobOptions): Promise<void> {
  const { url, digest, settings, signal } = options;
  const { algorithm, hex } = digest;
  const resumed = (await sizeOf(part)) > 0;
  // A process killed between the last byte and the verdict left all of it.
  if (resumed && (await hashFile(part, { algorithm, signal })) === hex) return;
  await retryTransient((progressed) => fetchRest({ ...options, part, progressed }), { ...settings, signal });
  const found = await hashFile(part, { algorithm, signal });
  if (found === hex) return;
  await rm(part, { force: true });
  // An old beginning may belong to a file that was replaced since; only a whole one proves anything.
  if (resumed) return fillAndVerify(part, options);
  throw new DisklessError({
    code: 'artifact-corrupt',
    message: `${displayUrl(url)} is not what its checksum says: expected ${ALGORITHM_NAME[algorithm]} ${hex}, found ${found}`,
    hint: 'a proxy or a half-copied mirror may stand in between; try again, or use another source',
  });
}

const ALGORITHM_NAME = { sha256: 'SHA-256', sha512: 'SHA-512' } as const;

/** Enough progress to say that the line works at all. */
const PROGRESS_STEP = 1024 * 1024;

async function fetchRest(options: BlobOptions & { part: string; progressed: () => void }): Promise<void> {
  const { url, settings, signal, part, progressed, onProgress } = options;
  const offset = await sizeOf(part);
  const headers: Record<string, string> = offset > 0 ? { range: `bytes=${offset}-` } : {};
  const response = await httpGet({ url, headers, ...settings, signal });
  const continued = response.statusCode === 206 && response.headers['content-range']?.startsWith(`bytes ${offset}-`);
  if (!continued && response.statusCode !== 200) {
    // Another range than asked for, or none: the beginning we have is of no use.
    if (offset > 0 && [206, 416].includes(response.statusCode ?? 0)) await truncate(part);
    throw unexpectedStatus(response, url);
  }
  const start = continued ? offset : 0;
  const length = Number(response.headers['content-length'] ?? Number.NaN);
  const total = Number.isFinite(length) ? start + length : 0;
  // Written chunk by chunk: when the connection breaks, the file's size says how far it got.
  const file = await open(part, continued ? 'a' : 'w');
  try {
    let done = start;
    for await (const chunk of response) {
      await file.appendFile(chunk as Buffer);
      done += (chunk as Buffer).length;
      if (done - start > PROGRESS_STEP) progressed();
      onProgress(done, total);
    }
  } finally {
    await file.close();
  }
}

function unexpectedStatus(response: IncomingMessage, url: URL): HttpStatusError {
  response.destroy();
  return new HttpStatusError(response.statusCode ?? 0, url);
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}
