import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SnapshotStore } from '../backup/snapshot-store.js';
import { syncDirectory, TEMPORARY_FILE, writeFileAtomic } from '../state/atomic-write.js';
import { orUnusable } from '../state/state-error.js';
import { frame, frameBytes, framesBehind, framesIn, isTorn } from './frames.js';
import { decodeRecord, isLikelyAfter, type LogRecord } from './log-record.js';
import { type SegmentHeader, segmentHeaderSchema } from './segment-header.js';

/** What was written since the snapshots, in segments of which each begins with what it goes on from. */
export interface LogStore {
  directory: string;
  /** Of the one who writes. */
  lock: string;
}

export interface Segment {
  path: string;
  incarnation: number;
  /** The first revision that it holds. */
  first: number;
  /** Undefined: its first bytes are damaged, or of a later release. */
  header: SegmentHeader | undefined;
}

export interface SegmentContent {
  /** Up to what is damaged. */
  records: LogRecord[];
  /** It is damaged behind these, and held this revision at least; undefined: it ends as it was written, or as a kill left it. */
  damagedTo: number | undefined;
}

const PRIVATE = 0o600;
/** Incarnation and first revision; a number more where others have that name already. */
const NAME = /^(\d+)-(\d+)(?:-\d+)?\.log$/;
/** More than any header has. */
const HEADER_BYTES = 4096;

export function logStore({ directory: snapshots }: SnapshotStore): LogStore {
  const directory = join(snapshots, 'log');
  return { directory, lock: join(directory, 'lock') };
}

/** @throws usage error when it cannot be used */
export async function prepareLog({ directory }: LogStore): Promise<void> {
  await orUnusable(directory, mkdir(directory, { recursive: true, mode: 0o700 }));
}

/** What a killed one left. Only for the holder of the lock. */
export async function sweepLog({ directory }: LogStore): Promise<void> {
  const names = await orUnusable(directory, readdir(directory));
  const left = names.filter((name) => TEMPORARY_FILE.test(name));
  await orUnusable(directory, Promise.all(left.map((name) => rm(join(directory, name), { force: true }))));
}

/** By incarnation and first revision, those whose header cannot be read as their names say. */
export async function listSegments({ directory }: LogStore): Promise<Segment[]> {
  const names = await orUnusable(directory, readdir(directory).catch(emptyWhereAbsent));
  const found: Segment[] = [];
  for (const name of names.toSorted()) {
    const [, incarnation, first] = NAME.exec(name) ?? [];
    if (incarnation === undefined || first === undefined) continue;
    const path = join(directory, name);
    const header = await orUnusable(path, readHeader(path));
    found.push({ path, incarnation: Number(incarnation), first: Number(first), header });
  }
  return found.toSorted((one, other) => one.incarnation - other.incarnation || one.first - other.first);
}

async function readHeader(path: string): Promise<SegmentHeader | undefined> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    for (const content of framesIn(buffer.subarray(0, bytesRead))) return parseHeader(content);
    return undefined;
  } finally {
    await handle.close();
  }
}

function parseHeader(content: Buffer): SegmentHeader | undefined {
  try {
    return segmentHeaderSchema.safeParse(JSON.parse(content.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

/** What can be read of it, and whether that is all: nobody may take what is damaged for what was never written. */
export async function contentOf({ path, first }: Segment): Promise<SegmentContent> {
  const bytes = await orUnusable(path, readFile(path));
  const contents = framesIn(bytes);
  const records: LogRecord[] = [];
  let next = contents.next();
  let isReadable = !next.done && parseHeader(next.value) !== undefined;
  let at = 0;
  while (isReadable && !next.done) {
    at += frameBytes(next.value);
    next = contents.next();
    if (next.done) break;
    const record = decodeRecord(next.value);
    if (record) records.push(record);
    else isReadable = false;
  }
  const after = records.at(-1)?.to ?? first - 1;
  const behind = highestBehind(bytes, at, after);
  // The header was durable before anything followed it.
  const isCut = isReadable && behind === undefined && isTorn(bytes, at);
  return { records, damagedTo: isCut ? undefined : (behind ?? after + 1) };
}

/** The last revision of whole records that lie anywhere behind what cannot be read. */
function highestBehind(bytes: Buffer, at: number, after: number): number | undefined {
  let highest: number | undefined;
  for (const content of framesBehind(bytes, at, (each) => isLikelyAfter(each, after)))
    highest = Math.max(highest ?? 0, decodeRecord(content)?.to ?? 0);
  return highest;
}

/** Durable, with nothing in it. In the place of one that holds nothing, if there is; beside one that holds anything. */
export async function createSegment(store: LogStore, header: SegmentHeader): Promise<Segment> {
  const { incarnation, first } = header;
  const name = `${incarnation}-${first}`;
  const here = (await listSegments(store)).filter((each) => each.incarnation === incarnation && each.first === first);
  const emptied = await firstEmpty(here);
  const path = emptied ?? join(store.directory, here.length === 0 ? `${name}.log` : `${name}-${here.length}.log`);
  await orUnusable(path, writeFileAtomic(path, frame(Buffer.from(JSON.stringify(header))), PRIVATE));
  return { path, incarnation, first, header };
}

async function firstEmpty(segments: readonly Segment[]): Promise<string | undefined> {
  for (const segment of segments) {
    const { records, damagedTo } = await contentOf(segment);
    if (records.length === 0 && damagedTo === undefined) return segment.path;
  }
  return undefined;
}

/** What is read may lie in memory only, of a process that ended before it was on the disk. It is on it then. */
export async function syncSegments({ directory }: LogStore, segments: readonly Segment[]): Promise<void> {
  for (const { path } of segments) await orUnusable(path, syncFile(path));
  await orUnusable(directory, syncDirectory(directory));
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path);
  await handle.sync().finally(() => handle.close());
}

export async function removeSegment({ path }: Segment): Promise<void> {
  await orUnusable(path, rm(path, { force: true }));
}

function emptyWhereAbsent(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
