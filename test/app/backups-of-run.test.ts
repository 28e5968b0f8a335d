import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { backupsOfRun, lookingBackups } from '../../src/app/backups-of-run.js';
import { readDatabase, revisionOf } from '../../src/backup/read-database.js';
import { databasePath, prepareStore, snapshotStore, writeSidecar } from '../../src/backup/snapshot-store.js';
import { logStore, prepareLog } from '../../src/changelog/log-store.js';
import { LogWriter } from '../../src/changelog/log-writer.js';
import type { ClusterRecord } from '../../src/state/records.js';
import { type StateDir, stateDirAt } from '../../src/state/state-dir.js';
import { sampleSnapshot } from '../backup/samples.js';
import { fixture } from '../etcd-file/fixture.js';
import { sampleSpec } from '../helpers/sample-facts.js';

let state: StateDir;
const { signal } = new AbortController();

beforeEach(() => {
  state = stateDirAt(mkdtempSync(join(tmpdir(), 'k8s-diskless-backups-')));
});
afterEach(() => rmSync(state.root, { recursive: true, force: true }));

test('a person is told up to when the change log goes on from a snapshot, unless that is taken alone', async () => {
  const snapshot = sampleSnapshot();
  const store = snapshotStore(state);
  await prepareStore(store);
  writeFileSync(databasePath(store, snapshot.id), Buffer.alloc(snapshot.sizeBytes));
  await writeSidecar(store, snapshot);
  const backups = lookingBackups({
    inputs: { state },
    pki: {},
    now: () => new Date('2026-11-30T10:05:00Z'),
  } as unknown as Parameters<typeof lookingBackups>[0]);
  const alone = '1-100 (5 min old, 200 objects)';
  expect(await backups.describe(snapshot.id, { isAlone: false, signal })).toBe(alone);

  const log = logStore(store);
  await prepareLog(log);
  const { clusterId, etcdClusterId, incarnation, id, sha256 } = snapshot;
  const origin = { clusterId, etcdClusterId, incarnation, base: { id, sha256 } };
  const writer = await LogWriter.open({ store: log, origin, after: 100 });
  await writer.append([{ kind: 'nothing', from: 101, to: 101, at: Date.parse('2026-11-30T10:04:30Z') }]);
  await writer.close();
  const upTo = 'what the change log has up to 2026-11-30T10:04:30.000Z';
  expect(await backups.describe(snapshot.id, { isAlone: false, signal })).toBe(`${alone} and ${upTo}`);
  expect(await backups.describe(snapshot.id, { isAlone: true, signal })).toBe(alone);
});

test('the change log goes on from a stray of a file too, as from the snapshots of its life', async () => {
  const store = snapshotStore(state);
  await prepareStore(store);
  const snapshot = sampleSnapshot({ kubernetes: '1.36.4', etcd: '3.6.9' });
  writeFileSync(databasePath(store, snapshot.id), Buffer.alloc(snapshot.sizeBytes));
  await writeSidecar(store, snapshot);
  const backups = backupsOfRun({
    inputs: { state },
    pki: {},
    now: () => new Date('2026-11-30T10:05:00Z'),
  } as unknown as Parameters<typeof backupsOfRun>[0]);
  const record = {
    clusterId: 'c1',
    spec: sampleSpec(),
    etcd: { incarnation: 3, versionSince: 3 },
  } as unknown as ClusterRecord;
  const take = (incarnation: number) => {
    async function* chunks() {
      yield fixture('snapshot-3.7').subarray(0, -32);
    }
    const source = { node: 's4', incarnation, how: 'file', chunks: chunks() } as const;
    return backups.stray({ source, record, reason: 'recover-from', signal });
  };
  const [stray, other] = await Promise.all([take(1), take(2)]);
  expect([stray.etcdClusterId, other.etcdClusterId]).toEqual([snapshot.etcdClusterId, '0']);
  const versions = { kubernetes: stray.kubernetes, etcd: stray.etcd, by: stray.stray?.versions };
  const by = { kubernetes: 'snapshot', etcd: 'snapshot' };
  expect(versions).toEqual({ kubernetes: '1.36.4', etcd: '3.6.9', by });
  expect(other.stray?.versions).toEqual({ kubernetes: 'guess', etcd: 'guess' });

  const log = logStore(store);
  await prepareLog(log);
  const { clusterId, etcdClusterId, incarnation, id, sha256 } = snapshot;
  const after = Number(stray.revision);
  const writer = await LogWriter.open({
    store: log,
    origin: { clusterId, etcdClusterId, incarnation, base: { id, sha256 } },
    after,
  });
  const at = Date.parse('2026-11-30T10:04:30Z');
  await writer.append([{ kind: 'nothing', from: after + 1, to: after + 1, at }]);
  await writer.close();
  const words = (strayId: string) => backups.describe(strayId, { isAlone: false, signal });
  expect(await words(stray.id)).toContain('and what the change log has up to 2026-11-30T10:04:30.000Z');
  expect(await words(stray.id)).not.toContain('assumed');
  expect(await words(other.id)).not.toContain('change log');
  const assumed = /objects\) \(that Kubernetes \S+ and etcd \S+ wrote it is assumed: nobody says so\)/;
  expect(await words(other.id)).toMatch(assumed);
});

test('a damaged newest is passed over where the log goes on to it from the one before, and nowhere else', async () => {
  const store = snapshotStore(state);
  await prepareStore(store);
  const database = fixture('snapshot-3.7');
  const path = join(state.root, 'database');
  writeFileSync(path, database);
  const contents = await readDatabase(path, signal);
  const revision = revisionOf(contents);
  const sha256 = createHash('sha256').update(database.subarray(0, -32)).digest('hex');
  const about = { sha256, sizeBytes: database.length, keys: contents.liveKeys };
  const older = sampleSnapshot({ ...about, id: `1-${revision}`, revision });
  writeFileSync(databasePath(store, older.id), database);
  await writeSidecar(store, older);
  const newest = sampleSnapshot({ id: '1-70', revision: '70' });
  writeFileSync(databasePath(store, newest.id), Buffer.alloc(newest.sizeBytes));
  await writeSidecar(store, newest);
  const record = { clusterId: 'c1', etcd: { incarnation: 1, phase: 'bootstrapped' } } as unknown as ClusterRecord;
  const spec = { kubernetes: '1.37.2', etcd: '3.7.3' };
  const backups = lookingBackups({
    inputs: { state, spec },
    pki: { encryptionKeyNames: async () => ['key-1'] },
    now: () => new Date(),
  } as unknown as Parameters<typeof lookingBackups>[0]);
  const look = () => backups.look(record, { isNamed: false, signal });
  expect(await look()).toMatchObject({ kind: 'unusable', older: { id: older.id } });

  const log = logStore(store);
  await prepareLog(log);
  const { clusterId, etcdClusterId, incarnation, id } = older;
  const origin = { clusterId, etcdClusterId, incarnation, base: { id, sha256 } };
  const written = async (from: number, to: number) => {
    const writer = await LogWriter.open({ store: log, origin, after: from - 1 });
    await writer.append([{ kind: 'nothing', from, to, at: Date.now() }]);
    await writer.close();
  };
  await written(Number(revision) + 1, 69);
  expect(await look()).toMatchObject({ kind: 'unusable' });
  await written(70, 71);
  expect(await look()).toMatchObject({
    kind: 'usable',
    id: older.id,
    instead: expect.stringContaining('the snapshot 1-70 is damaged'),
  });
});
