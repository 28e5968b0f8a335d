import { constants } from 'node:fs';
import { copyFile, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DisklessError } from '../errors.js';
import { syncDirectory } from '../state/atomic-write.js';
import { commitFile } from './cache.js';
import { isAbandoned, ownerTag } from './owner.js';
import { hashFile } from './remembered.js';
import type { LocalFile } from './source.js';

/**
 * Copies a verified file to another place as one step: under `path` stands what stood there before, or all of the copy,
 * read back and found right. What killed processes left of theirs is removed.
 *
 * @throws DisklessError `copy-damaged`; the file system's own error otherwise
 */
export async function placeCopy(options: { from: LocalFile; path: string; mode: number }): Promise<void> {
  const { from, path, mode } = options;
  await sweep(path);
  const temporary = join(dirname(path), `.${basename(path)}.${await ownerTag()}.tmp`);
  try {
    // A clone, where the file system can: no second copy of the bytes.
    await copyFile(from.path, temporary, constants.COPYFILE_FICLONE);
    if ((await hashFile(temporary, {})) !== from.sha256) throw damaged(path, from);
    await commitFile({ temporary, path, mode });
  } catch (error) {
    // What stood in the way of the copy may stand in the way of this too, and is the better reason.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncDirectory(dirname(path));
}

async function sweep(path: string): Promise<void> {
  const start = `.${basename(path)}.`;
  for (const name of await readdir(dirname(path))) {
    const tag = name.startsWith(start) && name.endsWith('.tmp') ? name.slice(start.length, -'.tmp'.length) : undefined;
    if (tag !== undefined && (await isAbandoned(tag))) await rm(join(dirname(path), name), { force: true });
  }
}

function damaged(path: string, from: LocalFile): DisklessError {
  return new DisklessError({
    code: 'copy-damaged',
    message: `the copy of ${from.path} to ${path} is not what was read`,
    hint: 'check the disks and their logs, then run again: nothing was put in place',
  });
}

const NOT_WRITABLE = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EISDIR', 'EEXIST']);

/** A full or read-only directory as an error that says so; anything else unchanged. */
export function directoryError(directory: string, error: unknown): unknown {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (error instanceof DisklessError || !NOT_WRITABLE.has(code)) return error;
  return new DisklessError({
    code: 'artifacts-unwritable',
    message: `cannot write to the directory ${directory}`,
    detail: message,
    hint: 'free some space there, correct its permissions, or give another directory; what is whole is kept and not fetched again',
    cause: error,
  });
}
