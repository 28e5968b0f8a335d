import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DisklessError } from '../errors.js';
import { createTrailingHashCheck } from '../etcd-file/trailing-hash.js';
import { temporaryBeside } from '../state/atomic-write.js';
import { stateError } from '../state/state-error.js';

const PRIVATE = 0o600;

export interface ReceivedFile {
  /** Beside its final place. */
  temporary: string;
  /** Of the database, without the hash that etcd ends it with. */
  sha256: string;
  /** With that hash. */
  sizeBytes: number;
}

/**
 * Writes a stream of etcd's to a new file of the operator's, durable when this returns, and holds it to the hash at its
 * end. Never more than a part of it is in memory.
 *
 * @param path Where it is to lie in the end; the temporary file stands beside it
 * @throws DisklessError `snapshot-damaged`; `state-not-usable` of a full disk; whatever the stream throws. Nothing is left then.
 */
export async function receiveFile(chunks: AsyncIterable<Uint8Array>, path: string): Promise<ReceivedFile> {
  const temporary = temporaryBeside(path);
  try {
    const handle = await open(temporary, 'wx', PRIVATE);
    const received = await fill(handle, chunks).finally(() => handle.close());
    return { temporary, ...received };
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : stateError(dirname(path), error);
  }
}

async function fill(handle: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<Omit<ReceivedFile, 'temporary'>> {
  const check = createTrailingHashCheck();
  for await (const chunk of chunks) {
    await handle.appendFile(chunk);
    check.update(chunk);
  }
  const { verdict, sha256, sizeBytes } = check.result();
  if (verdict !== 'right')
    throw new DisklessError({
      code: 'snapshot-damaged',
      message: 'the snapshot does not have the SHA-256 that etcd ends each with',
      hint: 'take it again; if it happens twice, a memory or a disk is bad',
    });
  await handle.sync();
  return { sha256, sizeBytes };
}
