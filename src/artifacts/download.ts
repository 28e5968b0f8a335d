import { open, rm, stat, truncate } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { DisklessError } from '../errors.js';
import { asCacheError, blobPath, type Cache } from './cache.js';
import { displayUrl, HttpStatusError, httpGet } from './http-get.js';
import { claimPartialFile, releasePartialFile } from './partial-file.js';
import { commitHashed, findBlob, hashFile } from './remembered.js';
import { type RetryOptions, retrying } from './retry.js';

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

/** A small text file. @throws HttpStatusError, or the connection's error, after the retries are used up. */
export async function downloadText({ url, settings, signal }: Omit<DownloadOptions, 'cache'>): Promise<string> {
  return retrying(
    async () => {
      const response = await httpGet({ url, ...settings, signal });
      if (response.statusCode !== 200) throw unexpectedStatus(response, url);
      const chunks: Buffer[] = [];
      let length = 0;
      for await (const chunk of response) {
        chunks.push(chunk as Buffer);
        length += (chunk as Buffer).length;
        if (length > TEXT_LIMIT) throw new Error(`${displayUrl(url)} is far too long for a checksum file`);
      }
      return Buffer.concat(chunks).toString('utf8');
    },
    { ...settings, signal },
  );
}

/**
 * Brings a file of known content into the cache, continuing where an earlier attempt or an earlier run stopped.
 *
 * @param onProgress bytes here and, when the server says it, bytes in all (else 0).
 * @throws DisklessError `artifact-corrupt` when the server serves something else; HttpStatusError or the connection's
 * error after the retries are used up.
 */
export async function downloadBlob(
  options: DownloadOptions & { sha256: string; onProgress: (done: number, total: number) => void },
): Promise<{ path: string; size: number }> {
  const { cache, sha256 } = options;
  const present = await findBlob(cache, sha256);
  if (present) return present;
  const part = await claimPartialFile(cache, sha256);
  try {
    await fillAndVerify(part, options);
    await commitHashed(cache, { temporary: part, path: blobPath(cache, sha256), sha256 });
  } catch (error) {
    await releasePartialFile(cache, sha256);
    throw asCacheError(cache, error);
  }
  const { size } = await stat(blobPath(cache, sha256));
  return { path: blobPath(cache, sha256), size };
}

async function fillAndVerify(part: string, options: Parameters<typeof downloadBlob>[0]): Promise<void> {
  const { url, sha256, settings, signal } = options;
  const resumed = (await sizeOf(part)) > 0;
  // A process killed between the last byte and the verdict left all of it.
  if (resumed && (await hashFile(part, { signal })) === sha256) return;
  await retrying((progressed) => fetchRest({ ...options, part, progressed }), { ...settings, signal });
  const found = await hashFile(part, { signal });
  if (found === sha256) return;
  await rm(part, { force: true });
  // An old beginning may belong to a file that was replaced since; only a whole one proves anything.
  if (resumed) return fillAndVerify(part, options);
  throw new DisklessError({
    code: 'artifact-corrupt',
    message: `${displayUrl(url)} is not what its checksum says: expected SHA-256 ${sha256}, found ${found}`,
    hint: 'a proxy or a half-copied mirror may stand in between; try again, or use another source',
  });
}

/** Enough progress to say that the line works at all. */
const PROGRESS_STEP = 1024 * 1024;

async function fetchRest(
  options: Parameters<typeof downloadBlob>[0] & { part: string; progressed: () => void },
): Promise<void> {
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
