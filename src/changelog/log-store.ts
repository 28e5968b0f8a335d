import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SnapshotStore } from '../backup/snapshot-store.js';
import { TEMPORARY_FILE, writeFileAtomic } from '../state/atomic-write.js';
import { stateError } from '../state/state-error.js';
import { frame, framesIn } from './frames.js';
import { decodeRecord, type LogRecord } from './log-record.js';
import { type SegmentHeader, segmentHeaderSchema } from './segment-header.js';

/** What was written since the snapshots, in segments of which each begins with what it goes on from. */
export interface LogStore {
  directory: string;
  /** Of the one who writes. */
  lock: string;
}

export interface Segment {
  path: string;
  header: SegmentHeader;
}

const PRIVATE = 0o600;
const NAME = /^\d+-\d+\.log$/;
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

/** By incarnation and first revision. One whose first bytes are damaged is none. */
export async function listSegments({ directory }: LogStore): Promise<Segment[]> {
  const names = await orUnusable(directory, readdir(directory).catch(emptyWhereAbsent));
  const found: Segment[] = [];
  for (const name of names.filter((each) => NAME.test(each))) {
    const path = join(directory, name);
    const header = await orUnusable(path, readHeader(path));
    if (header) found.push({ path, header });
  }
  const order = ({ header: { incarnation, first } }: Segment): [number, number] => [incarnation, first];
  return found.toSorted((one, other) => {
    const [[life, first], [otherLife, otherFirst]] = [order(one), order(other)];
    return life - otherLife || first - otherFirst;
  });
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

/** Up to the first that is damaged. */
export async function recordsIn({ path }: Segment): Promise<LogRecord[]> {
  const contents = framesIn(await orUnusable(path, readFile(path)));
  contents.next();
  const records: LogRecord[] = [];
  for (const content of contents) {
    const record = decodeRecord(content);
    if (record === undefined) break;
    records.push(record);
  }
  return records;
}

/** Durable, with nothing in it. In the place of one that holds nothing, if there is. */
export async function createSegment({ directory }: LogStore, header: SegmentHeader): Promise<Segment> {
  const path = join(directory, `${header.incarnation}-${header.first}.log`);
  await orUnusable(path, writeFileAtomic(path, frame(Buffer.from(JSON.stringify(header))), PRIVATE));
  return { path, header };
}

export async function removeSegment({ path }: Segment): Promise<void> {
  await orUnusable(path, rm(path, { force: true }));
}

export async function orUnusable<T>(path: string, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw stateError(path, error);
  });
}

function emptyWhereAbsent(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
