import { type FileHandle, link, lstat, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DisklessError, usageError } from '../errors.js';
import { syncDirectory, temporaryBeside } from '../state/atomic-write.js';
import { fileProblem } from '../state/state-error.js';

const PRIVATE = 0o600;
/** What a file system says that knows no second name for a file, as on a memory stick. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

export interface OutFile {
  path: string;
  /** One that is there already is replaced. */
  force: boolean;
  /** Done when all of it is durable, and before it has its name: what the file says is true once it is seen. */
  beforeNamed?: () => Promise<void>;
}

/** Before anything is done that would be in vain. @throws usage error `out-exists`, `out-not-usable` */
export async function requireFree({ path, force }: OutFile): Promise<void> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw notUsable(path, error);
  });
  if (found && (!force || found.isDirectory())) throw exists(path);
  await lstat(dirname(path)).catch((error: unknown) => {
    throw notUsable(path, error);
  });
}

/**
 * A private file of what comes, durable when this returns; before, and after any failure, what was there is as it was.
 *
 * @throws usage errors `out-exists`, `out-not-usable`; whatever the chunks throw
 */
export async function writeOut(
  chunks: AsyncIterable<Uint8Array>,
  { path, force, beforeNamed }: OutFile,
): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    const handle = await open(temporary, 'wx', PRIVATE);
    await fill(handle, chunks).finally(() => handle.close());
    await beforeNamed?.();
    await (force ? rename(temporary, path) : putNew(temporary, path));
    await syncDirectory(dirname(path)).catch(unlessUnknown);
  } catch (error) {
    throw notUsable(path, error);
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** Some file systems over a network know no such thing. */
function unlessUnknown(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EINVAL') throw error;
}

/** A name is given once only, also by two at once. */
async function putNew(temporary: string, path: string): Promise<void> {
  await link(temporary, path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') throw exists(path);
    if (!NO_LINKS.has(error.code ?? '')) throw error;
    await requireFree({ path, force: false });
    await rename(temporary, path);
  });
}

async function fill(handle: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) await handle.appendFile(chunk);
  await handle.sync();
}

const exists = (path: string): DisklessError =>
  usageError({ code: 'out-exists', message: `${path} exists already`, hint: 'name another file, or say --force' });

/** What a file system says of a file that a person named (exit 2); anything else as it is. */
export function notUsable(path: string, error: unknown): unknown {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (error instanceof DisklessError || code === undefined || syscall === undefined) return error;
  return usageError({
    code: 'out-not-usable',
    message: `${path} cannot be used: ${fileProblem(code)}`,
    hint: 'name another file, in a directory that exists and has room',
    cause: error,
  });
}
