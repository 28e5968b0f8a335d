import { DisklessError, usageError } from '../errors.js';

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOENT: 'there is no such file or directory',
  ENOSPC: 'no space is left on the file system',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of the path is not a directory',
  EEXIST: 'something else is in its place',
};

/** A code of the file system's in words. */
export const fileProblem = (code: string): string => REASONS[code] ?? code;

/** A failure of the file system below the state directory, as an error a person can act on (exit 2). */
export function stateError(path: string, error: unknown): DisklessError {
  if (error instanceof DisklessError) return error;
  const code = (error as NodeJS.ErrnoException)?.code;
  if (code === undefined) throw error;
  return usageError({
    code: 'state-not-usable',
    message: `the state directory cannot be used: ${path}: ${fileProblem(code)}`,
    hint: 'make it usable for this user, or name another place with --state-dir DIR or XDG_STATE_HOME',
    cause: error,
  });
}

/** Work on that path; its failure as `stateError` has it. */
export function orUnusable<T>(path: string, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw stateError(path, error);
  });
}
