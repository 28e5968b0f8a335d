import { mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { listSnapshots, snapshotStore } from '../backup/snapshot-store.js';
import { type DisklessError, refusal, usageError } from '../errors.js';
import { openSealed, type UnsealAsked } from '../sealed/open-sealed.js';
import { STATE_HEADER, STATE_PREFIX, type StateHeader, stateHeaderSchema } from '../sealed/state-files.js';
import { filesOf, NoArchive } from '../sealed/tar-read.js';
import type { TarFile } from '../sealed/tar-write.js';
import { syncDirectory } from '../state/atomic-write.js';
import { readClusterRecord } from '../state/record-files.js';
import type { ClusterRecord } from '../state/records.js';
import { type StateDir, stateDirAt } from '../state/state-dir.js';
import { stateError } from '../state/state-error.js';
import { takeIntoUse } from './take-into-use.js';

export interface ImportStateOptions {
  state: StateDir;
  /** Path of a file of `state export`. */
  file: string;
  unsealWith: UnsealAsked;
  /** A person's word that nobody acts on the cluster with the state that this is a copy of. */
  oldOperatorIsGone: boolean;
  signal: AbortSignal;
}

/**
 * `state import`: an exported state in the place of one that was lost. It appears as a whole, once it was read to its end
 * and opens; until then, and after any failure, nothing is there. It is a generation of its own, and of one that was not
 * handed over nobody knows how old it is.
 *
 * @throws refusal `state-copy` without that word, where the state was not handed over; usage errors `state-exists`, `state-file-unknown`, `state-file-damaged`,
 *   `state-not-usable`, and of what is sealed
 */
export async function importState(options: ImportStateOptions): Promise<StateHeader> {
  const { state, file } = options;
  const { root } = state;
  await requireAbsent(state);
  let temporary: string | undefined;
  try {
    await mkdir(dirname(root), { recursive: true, mode: 0o700 });
    temporary = await mkdtemp(join(dirname(root), `.${basename(root)}.import-`));
    const header = await unpack(temporary, options);
    await takeIntoUse(stateDirAt(temporary), await requireWhole(temporary, header, file), { isProven: header.moved });
    await requireAbsent(state);
    await rename(temporary, root);
    await syncDirectory(dirname(root));
    return header;
  } catch (error) {
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : stateError(root, error);
  } finally {
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
  }
}

/** An empty directory is none. */
async function requireAbsent({ root }: StateDir): Promise<void> {
  const entries = await readdir(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw stateError(root, error);
  });
  if (entries.length === 0) return;
  throw usageError({
    code: 'state-exists',
    message: `${root} is not empty: a state is never replaced by another`,
    hint: 'name another place with --state-dir, or move what is there away',
  });
}

async function unpack(into: string, options: ImportStateOptions): Promise<StateHeader> {
  const { file, unsealWith, signal } = options;
  const files = filesOf(await openSealed({ file, unsealWith, signal }));
  let header: StateHeader | undefined;
  try {
    for await (const each of files) {
      if (header === undefined) header = await readHeader(each, options);
      else await writeNew(into, each, file);
    }
  } catch (error) {
    if (!(error instanceof NoArchive)) throw error;
    throw header === undefined ? unknown(file) : damaged(file, 'it was cut off, or changed');
  }
  if (header === undefined) throw unknown(file);
  return header;
}

const MAX_HEADER_BYTES = 64 * 1024;

async function readHeader(
  { name, sizeBytes, content }: TarFile,
  { file, oldOperatorIsGone }: ImportStateOptions,
): Promise<StateHeader> {
  if (name !== STATE_HEADER || sizeBytes > MAX_HEADER_BYTES) throw unknown(file);
  const parts: Uint8Array[] = [];
  for await (const part of content) parts.push(part);
  const header = headerOf(Buffer.concat(parts).toString());
  if (header === undefined) throw unknown(file);
  if (!header.moved && !oldOperatorIsGone) throw withoutWord(file);
  return header;
}

function headerOf(text: string): StateHeader | undefined {
  try {
    return stateHeaderSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Below it, and nowhere else. */
async function writeNew(into: string, { name, content }: TarFile, file: string): Promise<void> {
  const path = name.startsWith(STATE_PREFIX) ? name.slice(STATE_PREFIX.length) : '';
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..'))
    throw damaged(file, `${JSON.stringify(name)} is no place in a state directory`);
  const target = join(into, path);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const handle = await open(target, 'wx', 0o600);
  try {
    for await (const chunk of content) await handle.appendFile(chunk);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** It opens, and is of the cluster that it says. */
async function requireWhole(directory: string, { clusterId }: StateHeader, file: string): Promise<ClusterRecord> {
  const copy = stateDirAt(directory);
  const record = await readClusterRecord(copy);
  if (record?.clusterId !== clusterId) throw damaged(file, 'the record in it is missing, or of another cluster');
  const [broken] = (await listSnapshots(snapshotStore(copy))).damaged;
  if (broken) throw damaged(file, `the snapshot ${broken.id} in it cannot be used: ${broken.why}`);
  return record;
}

function withoutWord(file: string): DisklessError {
  return refusal({
    code: 'state-copy',
    message: `${file} is a copy of a state, and two operators must not act on one cluster`,
    hint: 'where the old operator is gone for good, say --old-operator-is-gone',
  });
}

function unknown(file: string): DisklessError {
  return usageError({
    code: 'state-file-unknown',
    message: `${file} is no state that state export wrote, or of a later release`,
    hint: 'name a file of state export; one of backup --out is for up --snapshot',
  });
}

function damaged(file: string, why: string): DisklessError {
  return usageError({
    code: 'state-file-damaged',
    message: `${file} is damaged: ${why}`,
    hint: 'take another copy of it; nothing was imported',
  });
}
