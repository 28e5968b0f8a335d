import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type DisklessError, usageError } from '../errors.js';
import type { Cache } from './cache.js';
import { besideOf, type ReleaseFile } from './catalogue.js';
import { checksumOf } from './checksum-file.js';
import { sha256Of } from './remembered.js';
import type { ArtifactSource, ObtainOptions, ReleaseCopy } from './source.js';

/** `--artifacts DIR`: files are used where they lie, after their checksum was compared. */
export function directorySource(options: { directory: string; cache: Cache }): ArtifactSource {
  const directory = resolve(options.directory);
  return {
    title: `the directory ${directory}`,
    obtain: (file, how) => obtain({ ...how, directory, cache: options.cache, file }),
  };
}

interface Location {
  path: string;
  size: number;
  /** undefined when no checksum file names it. */
  expected: string | undefined;
}

/** Where a release file lies in a directory, without reading it; undefined when it is not there. */
export async function locate(directory: string, file: ReleaseFile): Promise<Location | undefined> {
  for (const candidate of file.paths) {
    const path = join(directory, candidate);
    const stats = await stat(path).catch(() => undefined);
    if (!stats?.isFile()) continue;
    return { path, size: stats.size, expected: await expectedChecksum(path, file) };
  }
  return undefined;
}

async function expectedChecksum(path: string, file: ReleaseFile): Promise<string | undefined> {
  for (const name of file.checksums) {
    const text = await readFile(join(dirname(path), name), 'utf8').catch(() => undefined);
    const digest = text === undefined ? undefined : checksumOf(text, basename(path));
    if (digest !== undefined) return digest;
  }
  return undefined;
}

async function obtain(
  options: ObtainOptions & { directory: string; cache: Cache; file: ReleaseFile },
): Promise<ReleaseCopy> {
  const { directory, cache, file, progress, signal } = options;
  const found = await locate(directory, file);
  if (found === undefined) throw missing(directory, file);
  const { path, size, expected } = found;
  if (expected === undefined) throw withoutChecksum(path, file);
  let done = 0;
  const onBytes = (count: number) => {
    done += count;
    progress({ stage: 'verify', name: basename(path), done, total: size });
  };
  const sha256 = await sha256Of(cache, path, { onBytes, signal }).catch((cause) => {
    signal?.throwIfAborted();
    throw unreadable(path, cause);
  });
  if (sha256 !== expected) throw corrupt({ path, expected, found: sha256 });
  return { path, sha256, size, fileName: basename(path) };
}

function missing(directory: string, file: ReleaseFile): DisklessError {
  return usageError({
    code: 'artifact-missing',
    message: `${file.title} is not in the directory ${directory}`,
    detail: `looked for ${file.paths.map((path) => join(directory, path)).join('\nlooked for ')}`,
    hint: `copy it with its checksum from ${file.upstream}, or choose a version that is there`,
  });
}

function withoutChecksum(path: string, file: ReleaseFile): DisklessError {
  const [name] = file.checksums;
  return usageError({
    code: 'artifact-checksum-missing',
    message: `${path} has no SHA-256 beside it, and nothing is used unverified`,
    detail: `looked for ${file.checksums.map((candidate) => join(dirname(path), candidate)).join('\nlooked for ')}`,
    hint: `copy ${besideOf(file.upstream, name)} beside it; for a file of your own make one: cd ${dirname(path)} && sha256sum ${basename(path)} > ${basename(path)}.sha256`,
  });
}

function corrupt({ path, expected, found }: { path: string; expected: string; found: string }): DisklessError {
  return usageError({
    code: 'artifact-corrupt',
    message: `${path} is damaged: expected SHA-256 ${expected}, found ${found}`,
    hint: 'copy the file again, or correct its checksum file if you replaced the file on purpose',
  });
}

function unreadable(path: string, cause: unknown): DisklessError {
  return usageError({
    code: 'artifact-unreadable',
    message: `${path} cannot be read`,
    detail: cause instanceof Error ? cause.message : String(cause),
    hint: 'check its permissions and the disk',
    cause,
  });
}
