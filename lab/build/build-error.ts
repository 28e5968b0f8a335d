import { DisklessError } from '../../src/errors.js';

export interface BuildFailure {
  error: unknown;
  product: string;
  /** Of the cache. */
  root: string;
}

/** What ended a build, as an error that says what a person can do where that is no fault of ours. */
export function buildError({ error, product, root }: BuildFailure): unknown {
  const { code, path } = error as NodeJS.ErrnoException;
  const detail = error instanceof DisklessError ? (error.detail ?? error.message) : errorText(error);
  if (code === 'ENOSPC' || code === 'EDQUOT' || (error instanceof DisklessError && FULL.test(detail))) {
    return new DisklessError({
      code: 'lab-disk-full',
      message: `${product} cannot be built: there is no space left`,
      detail,
      hint:
        `\`npm run -s lab -- cache prune\` frees what nobody needs of ${root}; K8S_DISKLESS_LAB_CACHE moves it, ` +
        'and TMPDIR what is only there during a build',
      cause: error,
    });
  }
  if (error instanceof DisklessError || path === undefined || !path.startsWith(root)) return error;
  if (UNWRITABLE.has(code ?? '')) {
    return new DisklessError({
      code: 'lab-cache-unusable',
      message: `cannot write to the lab's cache ${root}`,
      detail,
      hint: 'correct its permissions, or name another place with K8S_DISKLESS_LAB_CACHE',
      cause: error,
    });
  }
  return new DisklessError({
    code: 'lab-cache-changed',
    message: `${product} cannot be built: something else has changed the cache meanwhile`,
    detail,
    hint: 'the same command builds what is missing',
    cause: error,
  });
}

const UNWRITABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR']);

/** Compilers and packers tell it in these words of libc and Go only. */
const FULL = /no space left on device|disk quota exceeded/i;

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
