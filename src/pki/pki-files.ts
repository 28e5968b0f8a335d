import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { usageError } from '../errors.js';
import { TEMPORARY_FILE } from '../state/atomic-write.js';
import type { AuthorityId } from './profile-schema.js';

/* Layout of the state directory's pki/, and reading it. */

export const AUTHORITY_DIRECTORY = 'ca';
export const LEAF_DIRECTORY = 'leaves';
export const SERVICE_ACCOUNT_KEY = 'service-account.key';
export const SERVICE_ACCOUNT_PUBLIC_KEY = 'service-account.pub';
export const ENCRYPTION_KEYS = 'encryption-keys.yaml';

/** Descriptors open at once: far below the usual limit of 1024 with hundreds of nodes. */
const OPEN_FILES = 32;

export interface PairFiles {
  certificate: string;
  key: string;
}

export function authorityFiles(id: AuthorityId): PairFiles {
  return { certificate: `${AUTHORITY_DIRECTORY}/${id}.crt`, key: `${AUTHORITY_DIRECTORY}/${id}.key` };
}

/** @param leaf Profile, or profile@node: the leaf's name in reports too. */
export function leafFiles(leaf: string): PairFiles {
  return { certificate: `${LEAF_DIRECTORY}/${leaf}.crt`, key: `${LEAF_DIRECTORY}/${leaf}.key` };
}

/** What pki/ holds, by path relative to it. Immutable: `with` gives a changed copy. */
export class PkiContents {
  readonly directory: string;
  readonly #texts: ReadonlyMap<string, string>;

  constructor(directory: string, texts: ReadonlyMap<string, string>) {
    this.directory = directory;
    this.#texts = texts;
  }

  get(file: string): string | undefined {
    return this.#texts.get(file);
  }

  /** Absolute path, for messages. */
  path(file: string): string {
    return join(this.directory, file);
  }

  hasAnyIn(directory: string): boolean {
    return [...this.#texts.keys()].some((file) => file.startsWith(`${directory}/`));
  }

  with(files: Iterable<{ file: string; text: string }>): PkiContents {
    const added = [...files].map(({ file, text }) => [file, text] as const);
    return new PkiContents(this.directory, new Map([...this.#texts, ...added]));
  }
}

/**
 * Reads all of pki/; a directory that does not exist yet is empty.
 *
 * @throws DisklessError `pki-not-readable` (exit 2) naming the file.
 */
export async function readPkiDirectory(directory: string): Promise<PkiContents> {
  const limit = pLimit(OPEN_FILES);
  const directories = ['.', AUTHORITY_DIRECTORY, LEAF_DIRECTORY];
  const files = (await Promise.all(directories.map((inside) => listFiles(directory, inside)))).flat();
  const texts = await Promise.all(
    files.map((file) => limit(async () => [file, await readText(join(directory, file))] as const)),
  );
  return new PkiContents(directory, new Map(texts));
}

async function listFiles(directory: string, inside: string): Promise<string[]> {
  const path = join(directory, inside);
  const entries = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw notReadable(path, error);
  });
  return entries
    .filter((entry) => !entry.isDirectory() && !TEMPORARY_FILE.test(entry.name))
    .map((entry) => join(inside, entry.name));
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw notReadable(path, error);
  });
}

function notReadable(path: string, cause: unknown) {
  const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
  return usageError({
    code: 'pki-not-readable',
    message: `${path} cannot be read (${code})`,
    hint: 'run as the user who owns the state directory, or correct its permissions',
    cause,
  });
}
