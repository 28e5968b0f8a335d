import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  databasePath,
  prepareStore,
  type SnapshotStore,
  snapshotStore,
  writeSidecar,
} from '../../src/backup/snapshot-store.js';
import type { LogRecord } from '../../src/changelog/log-record.js';
import { type LogStore, logStore } from '../../src/changelog/log-store.js';
import { type OpenLog, openLog } from '../../src/changelog/open-log.js';
import { stateDirAt } from '../../src/state/state-dir.js';
import { sampleSnapshot } from '../backup/samples.js';

let root: string;
let snapshots: SnapshotStore;
let store: LogStore;
let files: FileHandle;
const { signal } = new AbortController();
const SNAPSHOT = sampleSnapshot();

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'k8s-diskless-open-log-'));
  snapshots = snapshotStore(stateDirAt(root));
  store = logStore(snapshots);
  await prepareStore(snapshots);
  writeFileSync(databasePath(snapshots, SNAPSHOT.id), Buffer.alloc(SNAPSHOT.sizeBytes));
  await writeSidecar(snapshots, SNAPSHOT);
  const handle = await open(root);
  files = Object.getPrototypeOf(handle);
  await handle.close();
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});

const nothing = (revision: number): LogRecord => ({ kind: 'nothing', from: revision, to: revision, at: 1_000 });

async function opened(syncedTo?: number): Promise<OpenLog> {
  const { clusterId, incarnation } = SNAPSHOT;
  const log = await openLog({ snapshots, store, clusterId, incarnation, syncedTo, signal });
  if (log === undefined) throw new Error('it has a snapshot');
  return log;
}

const failing = (): Error => Object.assign(new Error('EIO'), { code: 'EIO' });

test('what an earlier process wrote is brought to the disk before it counts, or the log does not go on', async () => {
  const { writer } = await opened();
  await writer.append([nothing(101)]);
  await writer.close();
  vi.spyOn(files, 'sync').mockRejectedValueOnce(failing());
  await expect(opened()).rejects.toMatchObject({
    code: 'state-not-usable',
    message: expect.stringContaining('1-101.log'),
  });
  const again = await opened();
  expect(again.writer.synced).toBe(101);
  await again.writer.close();
});

test('what could not be brought to the disk is written again, though it can be read', async () => {
  const { writer } = await opened();
  await writer.append([nothing(101)]);
  await writer.sync();
  await writer.append([nothing(102)]);
  vi.spyOn(files, 'datasync').mockRejectedValueOnce(failing());
  await expect(writer.close()).rejects.toMatchObject({ code: 'state-not-usable' });
  const again = await opened(writer.synced);
  expect([again.writer.position, again.writer.synced]).toEqual([101, 101]);
  await again.writer.append([nothing(102), nothing(103)]);
  await again.writer.close();
  const last = await opened();
  expect(last.writer.synced).toBe(103);
  await last.writer.close();
});
