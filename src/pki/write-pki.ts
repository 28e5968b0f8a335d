import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { DisklessError, EXIT } from '../errors.js';
import { replaceFile, syncDirectory, WRITERS, writeFileAtomic } from '../state/atomic-write.js';
import type { PkiFile } from './foundation.js';
import { AUTHORITY_DIRECTORY, LEAF_DIRECTORY } from './pki-files.js';

const OWNER_ONLY = 0o700;
const STAGING_PREFIX = '.ca-new-';

export interface PkiWrites {
  directory: string;
  /** Of the foundation: written first, the authorities last and as one. */
  foundation: PkiFile[];
  /** Of the leaves; the files of a pair in order, pairs in any. */
  pairs: PkiFile[][];
}

/**
 * Makes the files durable before anything built on them reaches a node.
 *
 * The authorities appear together by the rename of a directory. A power cut therefore leaves none or all of them, and
 * half an authority always means loss, never an interrupted beginning.
 *
 * @throws DisklessError `pki-not-writable`.
 */
export async function writePki({ directory, foundation, pairs }: PkiWrites): Promise<void> {
  if (foundation.length === 0 && pairs.length === 0) return;
  const authorities = foundation.filter(({ file }) => dirname(file) === AUTHORITY_DIRECTORY);
  const others = foundation.filter((file) => !authorities.includes(file));
  try {
    await ownDirectory(directory);
    await Promise.all(others.map((file) => writeFile(directory, file)));
    if (authorities.length > 0) await writeAuthorities(directory, authorities);
    await writePairs(directory, pairs);
  } catch (error) {
    throw notWritable(directory, error);
  }
}

/**
 * Puts new certificates of authorities in the place of the old ones, beside their keys. Each fits its key by itself, so
 * that whatever a power cut leaves of several is whole.
 *
 * @throws DisklessError `pki-not-writable`.
 */
export async function replaceAuthorityCertificates(directory: string, files: readonly PkiFile[]): Promise<void> {
  try {
    for (const file of files) await writeFile(directory, file);
  } catch (error) {
    throw notWritable(directory, error);
  }
}

async function writeAuthorities(directory: string, files: PkiFile[]): Promise<void> {
  const leftovers = (await readdir(directory)).filter((name) => name.startsWith(STAGING_PREFIX));
  await Promise.all(leftovers.map((name) => rm(join(directory, name), { recursive: true })));
  const staging = await mkdtemp(join(directory, STAGING_PREFIX));
  await Promise.all(files.map((file) => writeFile(staging, { ...file, file: basename(file.file) })));
  await rename(staging, join(directory, AUTHORITY_DIRECTORY));
  await syncDirectory(directory);
}

async function writePairs(directory: string, pairs: PkiFile[][]): Promise<void> {
  if (pairs.length === 0) return;
  const leaves = join(directory, LEAF_DIRECTORY);
  await ownDirectory(leaves);
  await syncDirectory(directory);
  const limit = pLimit(WRITERS);
  await Promise.all(pairs.map((pair) => limit(() => replaceInOrder(directory, pair))));
  await syncDirectory(leaves);
}

async function replaceInOrder(directory: string, files: PkiFile[]): Promise<void> {
  for (const { file, text, mode } of files) await replaceFile(join(directory, file), text, mode);
}

function writeFile(directory: string, { file, text, mode }: PkiFile): Promise<void> {
  return writeFileAtomic(join(directory, file), text, mode);
}

/** Also narrows a directory that came back from a backup with wider permissions. */
async function ownDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: OWNER_ONLY });
  await chmod(path, OWNER_ONLY);
}

function notWritable(directory: string, cause: unknown): DisklessError {
  const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
  const unusable = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(code);
  return new DisklessError({
    code: 'pki-not-writable',
    message: `${directory} cannot be written to (${code})`,
    exit: unusable ? EXIT.usage : EXIT.failed,
    hint: 'free some space there or correct its permissions, or choose another place with --state-dir',
    cause,
  });
}
