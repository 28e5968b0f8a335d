import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** How temporary names of writes that never finished look; readers of a directory skip them. */
export const TEMPORARY_FILE = /^\..+\.[0-9a-f]{12}\.tmp$/;

/** One that nobody else uses, beside the place that a finished file is renamed to: rename is atomic within one filesystem only. */
export function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
}

/** Whether a file is what a write to this path that never finished left. */
export function isTemporaryOf(path: string): (file: string) => boolean {
  const begin = join(dirname(path), `.${basename(path)}.`);
  return (file) => file.startsWith(begin) && TEMPORARY_FILE.test(basename(file));
}

/** Writes under way at once: each waits for the disk, so a few overlap, and many would only queue there. */
export const WRITERS = 8;

/**
 * Replaces a file as one step: whoever reads `path` sees the old content or the new one, whole, also after a crash or
 * a power cut.
 *
 * @param mode Permission bits of the result, e.g. 0o600. They hold from the first byte on, whatever the umask is.
 * @throws the file system's own error (`ENOENT`, `EACCES`, `ENOSPC`…); the target is then untouched.
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array, mode: number): Promise<void> {
  await replaceFile(path, data, mode);
  await syncDirectory(dirname(path));
}

/**
 * The same for one of many files in a directory: a power cut may still bring the old content back until `syncDirectory`,
 * which then is due once for all of them.
 */
export async function replaceFile(path: string, data: string | Uint8Array, mode: number): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    await writeNewFile(temporary, data, mode);
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

/** Makes a directory's entries (creations, renames, removals) survive a power cut. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  await handle.sync().finally(() => handle.close());
}

async function writeNewFile(path: string, data: string | Uint8Array, mode: number): Promise<void> {
  const handle = await open(path, 'wx', mode);
  await fill(handle, data, mode).finally(() => handle.close());
}

async function fill(handle: FileHandle, data: string | Uint8Array, mode: number): Promise<void> {
  await handle.chmod(mode);
  await handle.writeFile(data);
  await handle.sync();
}
