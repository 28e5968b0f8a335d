import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DisklessError } from '../errors.js';
import { writeOut } from '../sealed/write-out.js';
import { syncDirectory, TEMPORARY_FILE } from '../state/atomic-write.js';
import { fileProblem } from '../state/state-error.js';
import { type CopyOwner, parseCopyName } from './copy-names.js';
import type { CopyTarget } from './copy-target.js';
import { prunable, type RetentionPolicy } from './retention.js';

export interface FolderOptions {
  /** Must exist: a disk that is not mounted today is not to be filled where it would be. */
  folder: string;
  owner: CopyOwner;
  policy: RetentionPolicy;
}

/** Copies in a folder; other files there, also those of other clusters, are none of ours. */
export function copyToFolder({ folder, owner, policy }: FolderOptions): CopyTarget {
  const ours = async () => (await names(folder)).flatMap((name) => withCopy(name, owner));
  return {
    present: async () => (await ours()).map(({ copy }) => copy),
    async put(name, chunks) {
      try {
        await writeOut(chunks, { path: join(folder, name), force: false });
      } catch (error) {
        // Two runs at once bring the same.
        if (!(error instanceof DisklessError) || error.code !== 'out-exists') throw error;
      }
    },
    async tidy(now) {
      const found = await ours();
      const snapshots = found.map(({ copy }) => copy);
      const gone = new Set(prunable({ snapshots, policy, needed: new Set(), now: now.getTime() }));
      const names = found.flatMap(({ name, copy }) => (gone.has(copy.id) ? [name] : []));
      try {
        for (const name of names) await rm(join(folder, name), { force: true });
        if (names.length > 0) await syncDirectory(folder);
      } catch (error) {
        throw unusable(folder, error);
      }
    },
  };
}

function withCopy(name: string, owner: CopyOwner) {
  const copy = parseCopyName(owner, name);
  return copy ? [{ name, copy }] : [];
}

async function names(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => !TEMPORARY_FILE.test(name));
  } catch (error) {
    throw unusable(folder, error);
  }
}

function unusable(folder: string, error: unknown): unknown {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === undefined || error instanceof DisklessError) return error;
  return new DisklessError({
    code: 'copy-folder',
    message: `${folder} cannot be used: ${fileProblem(code)}`,
    hint: 'mount it, or make it usable for this user; what is missing there is copied by the next run',
    cause: error,
  });
}
