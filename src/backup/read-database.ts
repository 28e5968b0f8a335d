import { type FileHandle, open } from 'node:fs/promises';
import { DisklessError } from '../errors.js';
import { checkPages } from '../etcd-file/check-pages.js';
import { type Contents, readContents } from '../etcd-file/read-contents.js';
import { stateError } from '../state/state-error.js';

/** etcd commits before it sends, which leaves both of them whole; a member's own file may have one that is not. */
const META_PAGES = 2;

export interface ReadDatabase {
  /** It is a member's own file, in which a process that was killed may leave one meta page half written. */
  isOwnFile?: boolean;
}

/** What a database holds, once every one of its pages was found to be sound. @throws DisklessError `snapshot-damaged` */
export async function readDatabase(
  path: string,
  signal: AbortSignal,
  { isOwnFile = false }: ReadDatabase = {},
): Promise<Contents> {
  const file = await openDatabase(path);
  try {
    const database = await checkPages({ file, signal });
    if (database.intactMetas !== META_PAGES && !isOwnFile) throw oneMeta();
    return await readContents({ database, signal });
  } finally {
    await file.close();
  }
}

/** As a server started from it would say: etcd counts from 1, and a change that was compacted away is in no key any more. */
export const revisionOf = ({ servedRevision }: Contents): string => (servedRevision === '0' ? '1' : servedRevision);

function oneMeta(): DisklessError {
  return new DisklessError({
    code: 'snapshot-damaged',
    message: 'one of the two meta pages of the snapshot is damaged',
    hint: 'take it again; if it happens twice, a memory or a disk is bad',
  });
}

/** For reading; whoever opens it closes it. */
export function openDatabase(path: string): Promise<FileHandle> {
  return open(path).catch((error: unknown) => {
    throw stateError(path, error);
  });
}
