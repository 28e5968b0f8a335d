import { DisklessError, usageError } from '../errors.js';
import { type Cache, type RecordKey, readRecord, writeRecord } from './cache.js';
import { besideOf, type ReleaseFile } from './catalogue.js';
import { checksumOf, Sha256 } from './checksum-file.js';
import { type DownloadSettings, downloadBlob, downloadText } from './download.js';
import { displayUrl, HttpStatusError } from './http-get.js';
import type { ArtifactSource, ObtainOptions, ReleaseCopy } from './source.js';

export interface HttpSourceOptions {
  /** Base URL of a mirror in our layout; the upstream release servers when absent. */
  mirror?: string;
  cache: Cache;
  settings: DownloadSettings;
}

/** `--mirror URL`, or upstream. What is in the cache is used without asking the server: releases never change. */
export function httpSource({ mirror, cache, settings }: HttpSourceOptions): ArtifactSource {
  const base = mirror === undefined ? undefined : mirrorUrl(mirror);
  const title = base === undefined ? 'the upstream release servers' : `the mirror ${displayUrl(base)}`;
  return { title, obtain: (file, how) => obtain({ ...how, title, base, cache, settings, file }) };
}

/** Base URL of a mirror, with a slash at its end. @throws usage error */
export function mirrorUrl(text: string): URL {
  if (URL.canParse(text) && /^https?:/i.test(text)) return new URL(text.endsWith('/') ? text : `${text}/`);
  throw usageError({
    code: 'mirror-invalid',
    message: '--mirror is no http or https URL',
    hint: 'give the URL under which kubernetes/, etcd/ and cni/ (or flatcar/ and fcos/) lie, e.g. https://mirror.example/k8s',
  });
}

interface Request extends ObtainOptions {
  title: string;
  base: URL | undefined;
  cache: Cache;
  settings: DownloadSettings;
  file: ReleaseFile;
}

async function obtain(request: Request): Promise<ReleaseCopy> {
  const { base, file } = request;
  const places = base === undefined ? [new URL(file.upstream)] : file.paths.map((path) => new URL(path, base));
  try {
    for (const url of places) {
      const file = await obtainAt(url, request);
      if (file !== undefined) return file;
    }
  } catch (error) {
    request.signal?.throwIfAborted();
    throw error instanceof DisklessError ? error : failed(request, places, error);
  }
  throw missing(request, places);
}

/** @returns undefined when the server has no checksum for the file: then it is taken as absent there. */
async function obtainAt(url: URL, request: Request): Promise<ReleaseCopy | undefined> {
  const { cache, settings, signal, progress } = request;
  const record: RecordKey<string> = { kind: 'release', key: displayUrl(url), schema: Sha256 };
  const known = await readRecord(cache, record);
  const sha256 = known ?? (await expectedChecksum(url, request));
  if (sha256 === undefined) return undefined;
  const name = fileNameOf(url);
  const onProgress = (done: number, total: number) => progress({ stage: 'download', name, done, total });
  const blob = await downloadBlob({ url, sha256, cache, settings, signal, onProgress });
  // Only now: a checksum that never matched anything must be asked for again.
  if (known === undefined) await writeRecord(cache, record, sha256);
  return { ...blob, sha256, fileName: name };
}

async function expectedChecksum(url: URL, request: Request): Promise<string | undefined> {
  for (const name of checksumNames(request)) {
    const text = await textOrAbsent(new URL(besideOf(url.href, name)), request);
    const digest = text === undefined ? undefined : checksumOf(text, fileNameOf(url));
    if (digest !== undefined) return digest;
  }
  return undefined;
}

/** Upstream's own names are known; a mirror may have made its own. */
function checksumNames({ base, file }: Request): readonly string[] {
  return base === undefined ? file.checksums.slice(0, 1) : file.checksums;
}

function fileNameOf(url: URL): string {
  return url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
}

async function textOrAbsent(url: URL, { settings, signal }: Request): Promise<string | undefined> {
  try {
    return await downloadText({ url, settings, signal });
  } catch (error) {
    if (error instanceof HttpStatusError && [404, 410].includes(error.status)) return undefined;
    throw error;
  }
}

function missing(request: Request, places: readonly URL[]): DisklessError {
  const { file, title } = request;
  const looked = places.flatMap((url) =>
    checksumNames(request).map((name) => displayUrl(new URL(besideOf(url.href, name)))),
  );
  return usageError({
    code: 'artifact-missing',
    message: `${file.title} is not on ${title}, or has no checksum there`,
    detail: `looked for ${looked.join('\nlooked for ')}`,
    hint: 'check the version, and with --mirror that its layout is kubernetes/vX.Y.Z/bin/linux/ARCH, etcd/vX.Y.Z, cni/vX.Y.Z',
  });
}

function failed({ file, title }: Request, places: readonly URL[], cause: unknown): DisklessError {
  return new DisklessError({
    code: 'download-failed',
    message: `${file.title} could not be downloaded from ${title}`,
    detail: `${reasonOf(cause)}\nfrom ${places.map(displayUrl).join(' or ')}`,
    hint: 'check the network and HTTPS_PROXY; what has arrived is kept and continued. Without internet use --artifacts DIR or --mirror URL',
    cause,
  });
}

/** Node's error of a name with several addresses has its reasons inside, and an empty message. */
export function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
