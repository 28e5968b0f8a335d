import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { z } from 'zod';
import { usageError } from '../errors.js';
import { isTemporaryOf, syncDirectory, TEMPORARY_FILE, writeFileAtomic } from '../state/atomic-write.js';
import { newestFirst, positionOf } from '../state/position.js';
import type { StateDir } from '../state/state-dir.js';
import { orUnusable } from '../state/state-error.js';
import { isStrayId, type SnapshotInfo, snapshotInfoSchema } from './snapshot-info.js';

/** Snapshots of one cluster, in its state directory. Those who write or remove hold its lock. */
export interface SnapshotStore {
  directory: string;
  lock: string;
  /** Outside the directory: tells of the newest snapshot where that, or all of them, are gone. Strays have none. */
  last?: string;
}

/** What is there: each snapshot is of its sidecar, without which a file is none. */
export interface StoredSnapshots {
  /** The newest first. */
  snapshots: SnapshotInfo[];
  /** Sidecars that cannot be believed, each with the reason. */
  damaged: { id: string; why: string }[];
}

/** As much of it as its successor has to be compared with. */
const lastSchema = snapshotInfoSchema.pick({ id: true, incarnation: true, revision: true, takenAt: true });
export type LastSnapshot = z.output<typeof lastSchema>;

const PRIVATE = 0o600;
const SIDECAR = /^(\d+-\d+.*)\.json$/;
const DATABASE = /^(\d+-\d+.*)\.db$/;

export function snapshotStore({ snapshots: directory, lastSnapshot: last }: StateDir): SnapshotStore {
  return { directory, lock: join(directory, 'lock'), last };
}

/** Beside them, and under the same lock: copies of members' data that went. Nothing takes them away but a person. */
export function strayStore({ snapshots }: Pick<StateDir, 'snapshots'>): SnapshotStore {
  return { directory: join(snapshots, 'strays'), lock: join(snapshots, 'lock') };
}

/** Where the one of this ID lies, a stray or not. */
export function storeOfId(state: StateDir, id: string): SnapshotStore {
  return isStrayId(id) ? strayStore(state) : snapshotStore(state);
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
  const info = parseJson(text, snapshotInfoSchema);
  if (info === undefined || info.id !== id) return 'its sidecar is damaged, or of a later release';
  const size = await stat(databasePath(store, id)).then(
    (file) => file.size,
    (error: NodeJS.ErrnoException) => error,
  );
  if (typeof size !== 'number') return `its file cannot be read (${size.code})`;
  return size === info.sizeBytes ? info : `its file has ${size} of ${info.sizeBytes} bytes`;
}

function parseJson<T>(text: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

const jsonText = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

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

/** The newest that ever counted; undefined where there never was one. @throws usage error when it cannot be read */
export async function readLast({ last }: SnapshotStore): Promise<LastSnapshot | undefined> {
  if (last === undefined) return undefined;
  const text = await orUnusable(last, orAbsent(readFile(last, 'utf8')));
  if (text === undefined) return undefined;
  const found = parseJson(text, lastSchema);
  if (found) return found;
  throw usageError({
    code: 'state-damaged',
    message: `${last} is damaged, or of a later release`,
    hint: 'it names the newest snapshot: look at k8s-diskless backups, and remove it if all of them are there',
  });
}

/** Of those that are there, damaged or not, and the one that was the newest when they were all there; undefined where there never was one. */
export async function newestKnownId(
  store: SnapshotStore,
  { snapshots, damaged }: StoredSnapshots,
): Promise<string | undefined> {
  const last = await readLast(store);
  const broken = damaged.map(({ id }) => ({ id, ...positionOf(id) }));
  return [...snapshots, ...broken, ...(last ? [last] : [])].toSorted(newestFirst)[0]?.id;
}

/** From a verified file to one that counts. */
export async function placeSnapshot(store: SnapshotStore, temporary: string, info: SnapshotInfo): Promise<void> {
  await rename(temporary, databasePath(store, info.id));
  await syncDirectory(store.directory);
  await writeSidecar(store, info);
}

/** From here on it counts: its file is in place and durable. */
export async function writeSidecar(store: SnapshotStore, info: SnapshotInfo): Promise<void> {
  const path = sidecarPath(store, info.id);
  await orUnusable(path, writeFileAtomic(path, jsonText(info), PRIVATE));
  if (store.last === undefined) return;
  const { id, incarnation, revision, takenAt } = info;
  const last = await readLast(store);
  if (last && newestFirst(last, info) < 0) return;
  await orUnusable(store.last, writeFileAtomic(store.last, jsonText({ id, incarnation, revision, takenAt }), PRIVATE));
}

/** The sidecar goes first: a file alone is no snapshot. */
export async function removeSnapshot(store: SnapshotStore, id: string): Promise<void> {
  await orUnusable(store.directory, rm(sidecarPath(store, id), { force: true }));
  await orUnusable(store.directory, syncDirectory(store.directory));
  await orUnusable(store.directory, rm(databasePath(store, id), { force: true }));
}

/** A file that somebody puts back by hand may be there before its sidecar is. */
const ALONE_MS = 24 * 60 * 60 * 1000;

/** What was killed in the middle left: files that are no snapshots. Only for the holder of the lock. */
export async function sweepStore(store: SnapshotStore, now: Date): Promise<void> {
  const sidecars = new Set(await namesOf(store, SIDECAR));
  const alone: string[] = [];
  for (const id of await namesOf(store, DATABASE))
    if (!sidecars.has(id) && (await isThereSince(databasePath(store, id), now.getTime() - ALONE_MS))) alone.push(id);
  const temporary = (await entriesOf(store)).filter((name) => TEMPORARY_FILE.test(name));
  const { last } = store;
  const ofLast = last === undefined ? [] : await temporaryOfLast(last);
  const left = [
    ...alone.map((id) => databasePath(store, id)),
    ...temporary.map((name) => join(store.directory, name)),
    ...ofLast,
  ];
  await orUnusable(store.directory, Promise.all(left.map((path) => rm(path, { force: true }))));
}

async function temporaryOfLast(last: string): Promise<string[]> {
  const beside = (await entriesOf({ directory: dirname(last) })).map((name) => join(dirname(last), name));
  return beside.filter(isTemporaryOf(last));
}

/** Whether it came there before that moment: a copy may have the times of what it is a copy of, but not this one. */
const isThereSince = (path: string, ms: number): Promise<boolean> =>
  stat(path).then(
    ({ ctimeMs }) => ctimeMs < ms,
    () => false,
  );

async function namesOf(store: SnapshotStore, form: RegExp): Promise<string[]> {
  return (await entriesOf(store)).flatMap((name) => form.exec(name)?.[1] ?? []);
}

function entriesOf({ directory }: Pick<SnapshotStore, 'directory'>): Promise<string[]> {
  return orUnusable(
    directory,
    orAbsent(readdir(directory)).then((names = []) => names),
  );
}

function orAbsent<T>(reading: Promise<T>): Promise<T | undefined> {
  return reading.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
