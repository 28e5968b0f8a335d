import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { type DisklessError, usageError } from '../errors.js';
import type { Cache } from './cache.js';
import { type Content, openFile } from './content.js';
import { type ImageArchive, readImageArchive } from './image-archive.js';
import type { OnArtifactProgress } from './progress.js';

export interface ReadImagesOptions {
  directory: string;
  cache: Cache;
  progress: OnArtifactProgress;
  signal?: AbortSignal | undefined;
}

/**
 * `--images DIR`: all image archives directly in it, sorted by name; equal ones once.
 *
 * @throws DisklessError (usage) for an unreadable directory, one without archives, and archives that cannot be used.
 */
export async function readImages(options: ReadImagesOptions): Promise<ImageArchive[]> {
  const directory = resolve(options.directory);
  const names = (await archiveNames(directory)).sort();
  const archives = new Map<string, ImageArchive>();
  for (const name of names) {
    const archive = await readOne({ ...options, path: join(directory, name) });
    if (!archives.has(archive.sha256)) archives.set(archive.sha256, archive);
  }
  const found = [...archives.values()];
  refuseAmbiguity(found);
  return found;
}

/** The archives a node of that architecture can use. */
export function imagesForArch(archives: readonly ImageArchive[], arch: string): ImageArchive[] {
  return archives.filter(({ architectures }) => architectures.length === 0 || architectures.includes(arch));
}

export function imageContent({ path, gzipped, sha256, size }: ImageArchive): Content {
  return { name: basename(path), sha256, size, open: () => openFile(path, { gunzip: gzipped }) };
}

async function archiveNames(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch((cause) => {
    throw unusableDirectory(directory, cause);
  });
  const archives = names.filter((name) => /\.(tar|tar\.gz|tgz)$/.test(name));
  if (archives.length > 0) return archives;
  throw usageError({
    code: 'images-none',
    message: `the directory ${directory} has no image archives`,
    detail: `looked for *.tar, *.tar.gz and *.tgz among ${names.length} entries; subdirectories are not searched`,
    hint: 'put archives there (docker save, skopeo copy, ctr image export), or leave --images out',
  });
}

async function readOne(options: Omit<ReadImagesOptions, 'directory'> & { path: string }): Promise<ImageArchive> {
  const { path, progress } = options;
  const { size } = await stat(path);
  let done = 0;
  const onBytes = (count: number) => {
    done += count;
    // Of a gzipped archive the size inside is not known before the end.
    progress({ stage: 'verify', name: basename(path), done, total: path.endsWith('.tar') ? size : 0 });
  };
  return readImageArchive({ ...options, onBytes });
}

/** One name for two contents: which of them a pod gets would depend on the order of the imports. */
function refuseAmbiguity(archives: readonly ImageArchive[]): void {
  for (const [index, one] of archives.entries()) {
    for (const other of archives.slice(index + 1)) {
      const reference = one.references.find((name) => other.references.includes(name));
      if (reference !== undefined && shareArchitecture(one, other)) throw ambiguous(reference, one, other);
    }
  }
}

function shareArchitecture(one: ImageArchive, other: ImageArchive): boolean {
  const unknown = one.architectures.length === 0 || other.architectures.length === 0;
  return unknown || one.architectures.some((arch) => other.architectures.includes(arch));
}

function ambiguous(reference: string, one: ImageArchive, other: ImageArchive): DisklessError {
  return usageError({
    code: 'image-ambiguous',
    message: `${reference} is in two different archives: ${one.path} and ${other.path}`,
    hint: 'remove the one that is not wanted',
  });
}

function unusableDirectory(directory: string, cause: unknown): DisklessError {
  return usageError({
    code: 'images-directory',
    message: `the images directory ${directory} cannot be read`,
    detail: cause instanceof Error ? cause.message : String(cause),
    hint: 'give the directory that holds the image archives',
    cause,
  });
}
