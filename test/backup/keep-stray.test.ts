import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KeepStrayOptions, keepStray } from '../../src/backup/keep-stray.js';
import { readDatabase, revisionOf } from '../../src/backup/read-database.js';
import { prunable } from '../../src/backup/retention.js';
import {
  databasePath,
  findSnapshot,
  listSnapshots,
  prepareStore,
  type SnapshotStore,
  snapshotStore,
  storeOfId,
  strayStore,
} from '../../src/backup/snapshot-store.js';
import { verifySnapshot } from '../../src/backup/verify-snapshot.js';
import { stateDirAt } from '../../src/state/state-dir.js';
import { fixture } from '../etcd-file/fixture.js';
import { sampleSpec } from '../helpers/sample-facts.js';

const { signal } = new AbortController();
/** As etcd sends it, and as it lies in a member's directory. */
const SENT = fixture('snapshot-3.7');
const FILE = SENT.subarray(0, -32);
const NODE = 's4';
let root: string;
let store: SnapshotStore;
let revision: string;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'k8s-diskless-stray-'));
  store = strayStore(stateDirAt(root));
  await prepareStore(store);
  writeFileSync(join(root, 'database'), SENT);
  revision = revisionOf(await readDatabase(join(root, 'database'), signal));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function* inParts(bytes: Buffer, end?: Error): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
  if (end) throw end;
}

const VERSIONS = { kubernetes: 'snapshot', etcd: 'member' } as const;
const etcd = { incarnation: 3, phase: 'bootstrapped', token: 't', members: [NODE], bootIds: {} } as const;
const record = { clusterId: 'c1', spec: sampleSpec(), etcd: { ...etcd, members: [NODE] } };

const keep = (chunks: AsyncIterable<Buffer>, more: Partial<KeepStrayOptions['source']> = {}) =>
  keepStray({
    store,
    record,
    source: { node: NODE, incarnation: 2, how: 'file', etcdClusterId: '0', chunks, ...more },
    versions: { kubernetes: '1.36.4', etcd: '3.6.9', said: VERSIONS },
    reason: 'discard-data',
    now: () => new Date('2026-12-01T10:00:00Z'),
    signal,
  });

describe('a stray', () => {
  it('of a file becomes a snapshot like others, and says whose it was and how it was had', async () => {
    const info = await keep(inParts(FILE));
    expect(info).toMatchObject({ id: `2-${revision}-s4`, incarnation: 2, node: 's4' });
    const { kubernetes, etcd: version, stray } = info;
    expect({ kubernetes, version, stray }).toEqual({
      kubernetes: '1.36.4',
      version: '3.6.9',
      stray: { how: 'file', versions: VERSIONS },
    });
    // With the hash that a file has not: etcd's tools check it too.
    expect(readFileSync(databasePath(store, info.id))).toEqual(SENT);
    await verifySnapshot(store, info, signal);
    expect((await listSnapshots(store)).snapshots).toEqual([info]);
    expect(await findSnapshot(storeOfId(stateDirAt(root), info.id), info.id)).toEqual(info);
  });

  it('is no snapshot of the cluster: neither the newest, nor one that is let go', async () => {
    const { id } = await keep(inParts(SENT), { how: 'snapshot', etcdClusterId: '17' });
    const kept = await listSnapshots(snapshotStore(stateDirAt(root)));
    expect(kept).toEqual({ snapshots: [], damaged: [] });
    expect(readdirSync(root)).not.toContain('last-snapshot.json');
    const policy = { keep: 0, maxAgeMs: 0 };
    expect(prunable({ snapshots: kept.snapshots, policy, needed: new Set(), now: Date.now() })).toEqual([]);
    expect(readdirSync(store.directory).toSorted()).toEqual([`${id}.db`, `${id}.json`]);
  });

  it('that is there and whole stays; one that is damaged is taken again', async () => {
    const first = await keep(inParts(FILE));
    expect(await keep(inParts(SENT), { how: 'snapshot' })).toEqual(first);
    writeFileSync(databasePath(store, first.id), Buffer.alloc(first.sizeBytes));
    const second = await keep(inParts(SENT), { how: 'snapshot' });
    expect(second.stray?.how).toBe('snapshot');
    await verifySnapshot(store, second, signal);
  });

  it('of a member that was killed may have one meta page that is half written', async () => {
    const torn = Buffer.from(FILE);
    torn.fill(0, 0, 4096);
    const info = await keep(inParts(torn));
    await verifySnapshot(store, info, signal);
    const sent = Buffer.concat([torn, createHash('sha256').update(torn).digest()]);
    await expect(keep(inParts(sent), { how: 'snapshot', node: 's5' })).rejects.toMatchObject({
      code: 'snapshot-damaged',
    });
  });

  it('is none where it breaks off, is cut or damaged: nothing is left of it', async () => {
    const cut = new Error('cut');
    const damaged = Buffer.from(FILE);
    damaged.fill(0xff, 2 * 4096, 5 * 4096);
    await expect(keep(inParts(FILE, cut))).rejects.toThrow(cut);
    for (const bytes of [Buffer.alloc(0), FILE.subarray(0, 4096 * 2), FILE.subarray(0, -7), damaged])
      await expect(keep(inParts(bytes))).rejects.toMatchObject({ code: 'snapshot-damaged' });
    expect(readdirSync(store.directory)).toEqual([]);
  });
});
