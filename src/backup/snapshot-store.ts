import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { usageError } from '../errors.js';
import { syncDirectory, TEMPORARY_FILE, writeFileAtomic } from '../state/atomic-write.js';
import { stateError } from '../state/state-error.js';
import { newestFirst, type SnapshotInfo, snapshotInfoSchema } from './snapshot-info.js';

/** Snapshots of one cluster, in its state directory. Those who write or remove hold its lock. */
export interface SnapshotStore {
  directory: string;
  lock: string;
}

/** What is there: each snapshot is of its sidecar, without which a file is none. */
export interface StoredSnapshots {
  /** The newest first. */
  snapshots: SnapshotInfo[];
  /** Sidecars that cannot be believed, each with the reason. */
  damaged: { id: string; why: string }[];
}

const PRIVATE = 0o600;
const SIDECAR = /^(\d+-\d+)\.json$/;
const DATABASE = /^(\d+-\d+)\.db$/;

export function snapshotStore(directory: string): SnapshotStore {
  return { directory, lock: join(directory, 'lock') };
}

export const databasePath = ({ directory }: SnapshotStore, id: string): string => join(directory, `${id}.db`);

const sidecarPath = ({ directory }: SnapshotStore, id: string): string => join(directory, `${id}.json`);

/** Creates the directory. @throws usage error when it cannot be used */
export async function prepareStore({ directory }: SnapshotStore): Promise<void> {
  await orUnusable(directory, mkdir(directory, { recursive: true, mode: 0o700 }));
}

/** Creates nothing; empty where there never was a snapshot. A file that is shorter or longer than it was is damaged. */
export async function listSnapshots(store: SnapshotStore): Promise<StoredSnapshots> {
  const found: StoredSnapshots = { snapshots: [], damaged: [] };
  for (const id of await namesOf(store, SIDECAR)) {
    const info = await readSidecar(store, id);
    if (typeof info === 'string') found.damaged.push({ id, why: info });
    else found.snapshots.push(info);
  }
  found.snapshots.sort(newestFirst);
  return found;
}

async function readSidecar(store: SnapshotStore, id: string): Promise<SnapshotInfo | string> {
  const text = await readFile(sidecarPath(store, id), 'utf8').catch((error: NodeJS.ErrnoException) => error);
  if (typeof text !== 'string') return `its sidecar cannot be read (${text.code})`;
  const info = parseSidecar(text);
  if (info === undefined || info.id !== id) return 'its sidecar is damaged, or of a later release';
  const size = await stat(databasePath(store, id)).then(
    (file) => file.size,
    (error: NodeJS.ErrnoException) => error,
  );
  if (typeof size !== 'number') return `its file cannot be read (${size.code})`;
  return size === info.sizeBytes ? info : `its file has ${size} of ${info.sizeBytes} bytes`;
}

function parseSidecar(text: string): SnapshotInfo | undefined {
  try {
    return snapshotInfoSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** One of those listed. @throws usage error naming what there is */
export async function findSnapshot(store: SnapshotStore, id: string): Promise<SnapshotInfo> {
  const { snapshots, damaged } = await listSnapshots(store);
  const found = snapshots.find((each) => each.id === id);
  if (found) return found;
  const broken = damaged.find((each) => each.id === id);
  throw usageError({
    code: broken ? 'snapshot-damaged' : 'snapshot-unknown',
    message: broken ? `the snapshot ${id} cannot be used: ${broken.why}` : `there is no snapshot ${id}`,
    hint: 'k8s-diskless backups lists them',
  });
}

/** From here on it counts: its file is in place and durable. */
export async function writeSidecar(store: SnapshotStore, info: SnapshotInfo): Promise<void> {
  const path = sidecarPath(store, info.id);
  await orUnusable(path, writeFileAtomic(path, `${JSON.stringify(info, null, 2)}\n`, PRIVATE));
}

/** The sidecar goes first: a file alone is no snapshot. */
export async function removeSnapshot(store: SnapshotStore, id: string): Promise<void> {
  await orUnusable(store.directory, rm(sidecarPath(store, id), { force: true }));
  await orUnusable(store.directory, syncDirectory(store.directory));
  await orUnusable(store.directory, rm(databasePath(store, id), { force: true }));
}

/** What was killed in the middle left: files that are no snapshots. Only for the holder of the lock. */
export async function sweepStore(store: SnapshotStore): Promise<void> {
  const sidecars = new Set(await namesOf(store, SIDECAR));
  const alone = (await namesOf(store, DATABASE)).filter((id) => !sidecars.has(id));
  const temporary = (await entriesOf(store)).filter((name) => TEMPORARY_FILE.test(name));
  const left = [...alone.map((id) => databasePath(store, id)), ...temporary.map((name) => join(store.directory, name))];
  await orUnusable(store.directory, Promise.all(left.map((path) => rm(path, { force: true }))));
}

async function namesOf(store: SnapshotStore, form: RegExp): Promise<string[]> {
  return (await entriesOf(store)).flatMap((name) => form.exec(name)?.[1] ?? []);
}

function entriesOf({ directory }: SnapshotStore): Promise<string[]> {
  const reading = readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return orUnusable(directory, reading);
}

async function orUnusable<T>(path: string, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw stateError(path, error);
  });
}
