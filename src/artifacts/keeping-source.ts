import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import pLimit from 'p-limit';
import { writeFileAtomic } from '../state/atomic-write.js';
import { isArchive, type ReleaseFile } from './catalogue.js';
import { checksumOf, withChecksum } from './checksum-file.js';
import { directoryError, placeCopy } from './copy-into.js';
import { locate } from './directory-source.js';
import { hashFile } from './remembered.js';
import type { ArtifactSource, ObtainOptions, ReleaseCopy } from './source.js';

export interface KeepingSourceOptions {
  /** Where files are kept, in the layout that `directorySource` reads. */
  directory: string;
  /** Where those come from that are not there yet, or not whole. */
  source: ArtifactSource;
}

/**
 * Keeps what another source gives in a directory. What lies there already is read through: a file that matches its
 * checksum is not asked for again, any other is replaced.
 *
 * @throws DisklessError as `source`, and `artifacts-unwritable`
 */
export function keepingSource(options: KeepingSourceOptions): ArtifactSource {
  const directory = resolve(options.directory);
  const { source } = options;
  // One list holds the checksums of several files.
  const inTurn = pLimit(1);
  return {
    title: source.title,
    async obtain(file, how) {
      const kept = await wholeIn(directory, file, how);
      if (kept !== undefined) return kept;
      const copy = await source.obtain(file, how);
      const path = join(directory, dirname(file.paths[0]), copy.fileName);
      try {
        await mkdir(dirname(path), { recursive: true });
        // First: a file appears with its checksum beside it, or not at all.
        await inTurn(() => noteChecksum(path, copy.sha256, file));
        await placeCopy({ from: copy, path, mode: isArchive(path) ? 0o644 : 0o755 });
      } catch (error) {
        throw directoryError(directory, error);
      }
      return { ...copy, path };
    },
  };
}

async function wholeIn(
  directory: string,
  file: ReleaseFile,
  { progress, signal }: ObtainOptions,
): Promise<ReleaseCopy | undefined> {
  const found = await locate(directory, file);
  if (found?.expected === undefined) return undefined;
  const { path, size, expected } = found;
  const fileName = basename(path);
  let done = 0;
  const onBytes = (count: number): void => {
    done += count;
    progress({ stage: 'verify', name: fileName, done, total: size });
  };
  // Not what is remembered of it: whoever asks for a copy to carry away wants to know that it is whole now.
  const sha256 = await hashFile(path, { onBytes, signal }).catch(() => {
    signal?.throwIfAborted();
    return undefined;
  });
  return sha256 === expected ? { path, size, sha256, fileName } : undefined;
}

/** In the file that a reader asks first of those which name it, else in the one that upstream serves. */
async function noteChecksum(path: string, sha256: string, { checksums }: ReleaseFile): Promise<void> {
  const fileName = basename(path);
  for (const name of checksums) {
    const list = join(dirname(path), name);
    const text = (await textOf(list)) ?? '';
    const noted = checksumOf(text, fileName);
    if (noted === sha256) return;
    if (noted !== undefined) return writeFileAtomic(list, withChecksum(text, { fileName, sha256 }), 0o644);
  }
  const list = join(dirname(path), checksums[0]);
  await writeFileAtomic(list, withChecksum((await textOf(list)) ?? '', { fileName, sha256 }), 0o644);
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
