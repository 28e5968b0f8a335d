import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type DisklessError, usageError } from '../errors.js';

/** Folders of the layout, and what the folders in them are called. */
const FOLDERS: Readonly<Record<string, RegExp>> = {
  kubernetes: /^v\d/,
  etcd: /^v\d/,
  cni: /^v\d/,
  iperf3: /^$/,
};
/** A copy of Kubernetes' release server has no `kubernetes/` above the versions. */
const VERSION = /^v\d+\.\d+\.\d+$/;

/**
 * Files are only put where nothing is, or where such files are: a folder that was named by mistake stays as it is.
 *
 * @throws DisklessError `artifacts-foreign` or `artifacts-unreadable` (usage)
 */
export async function requireLayout(directory: string): Promise<void> {
  const names = await entries(directory);
  if (names.length === 0) return;
  const known = names.filter((name) => Object.hasOwn(FOLDERS, name) || VERSION.test(name));
  if (known.length === 0) throw foreign(directory, names);
  for (const name of known) {
    const strange = await foldersNotLike(join(directory, name), FOLDERS[name] ?? /^bin$/);
    if (strange.length > 0)
      throw foreign(
        directory,
        strange.map((folder) => `${name}/${folder}`),
      );
  }
}

async function foldersNotLike(directory: string, expected: RegExp): Promise<string[]> {
  const listed = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return listed.filter((entry) => entry.isDirectory() && !expected.test(entry.name)).map(({ name }) => name);
}

/** None of a directory that is still to be made. */
async function entries(directory: string): Promise<string[]> {
  try {
    const names = await readdir(directory);
    // Of a file system of its own.
    return names.filter((name) => name !== 'lost+found');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw usageError({
      code: 'artifacts-unreadable',
      message: `${directory} is no directory that can be read`,
      detail: cause instanceof Error ? cause.message : String(cause),
      hint: 'give a directory: it is made when it is not there',
      cause,
    });
  }
}

function foreign(directory: string, names: readonly string[]): DisklessError {
  const shown = names.slice(0, 5).join(', ');
  return usageError({
    code: 'artifacts-foreign',
    message: `the directory ${directory} holds other things than release files`,
    detail: `it has ${shown}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`,
    hint: 'give one that is empty, that does not exist yet, or that has the layout kubernetes/vX.Y.Z, etcd/vX.Y.Z, cni/vX.Y.Z',
  });
}
