import { type FileHandle, open } from 'node:fs/promises';
import { checkPages } from '../etcd-file/check-pages.js';
import { type Contents, readContents } from '../etcd-file/read-contents.js';
import { stateError } from '../state/state-error.js';

/** What a database holds, once every one of its pages was found to be sound. @throws DisklessError `snapshot-damaged` */
export async function readDatabase(path: string, signal: AbortSignal): Promise<Contents> {
  const file = await openDatabase(path);
  try {
    return await readContents({ database: await checkPages({ file, signal }), signal });
  } finally {
    await file.close();
  }
}

/** For reading; whoever opens it closes it. */
export function openDatabase(path: string): Promise<FileHandle> {
  return open(path).catch((error: unknown) => {
    throw stateError(path, error);
  });
}
