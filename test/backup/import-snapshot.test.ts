import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { importSnapshot } from '../../src/backup/import-snapshot.js';
import { readDatabase, revisionOf } from '../../src/backup/read-database.js';
import { snapshotFile } from '../../src/backup/snapshot-file.js';
import { type SnapshotInfo, snapshotId } from '../../src/backup/snapshot-info.js';
import {
  databasePath,
  listSnapshots,
  type SnapshotStore,
  snapshotStore,
  writeSidecar,
} from '../../src/backup/snapshot-store.js';
import { tarOf } from '../../src/sealed/tar-write.js';
import type { UnsealWith } from '../../src/sealed/unseal.js';
import { writeOut } from '../../src/sealed/write-out.js';
import { stateDirAt } from '../../src/state/state-dir.js';
import { rejection, temporaryDirectory } from '../artifacts/fixtures.js';
import { fixture } from '../etcd-file/fixture.js';
import { inParts } from '../sealed/bytes.js';
import { sampleSnapshot } from './samples.js';

vi.mock('node:fs/promises', { spy: true });

const DATABASE = fixture('snapshot-3.7');
const sha256 = createHash('sha256').update(DATABASE.subarray(0, -32)).digest('hex');
const { signal } = new AbortController();

function emptyStore(): SnapshotStore {
  const store = snapshotStore(stateDirAt(temporaryDirectory()));
  mkdirSync(store.directory);
  return store;
}

/** One as it is kept. */
async function kept(changes: Partial<SnapshotInfo> = {}): Promise<{ from: SnapshotStore; snapshot: SnapshotInfo }> {
  const from = emptyStore();
  const path = join(temporaryDirectory(), 'db');
  writeFileSync(path, DATABASE);
  const contents = await readDatabase(path, signal);
  const { liveKeys: keys, objects } = contents;
  const revision = revisionOf(contents);
  const snapshot = sampleSnapshot({ revision, keys, objects, sizeBytes: DATABASE.length, sha256, ...changes });
  writeFileSync(databasePath(from, snapshot.id), DATABASE);
  await writeSidecar(from, snapshot);
  return { from, snapshot };
}

/** The same as a file that left it. */
async function carried(changes: Partial<SnapshotInfo> = {}, to?: { recipients: string[] }) {
  const { from, snapshot } = await kept(changes);
  const file = join(temporaryDirectory(), 'b.age');
  await writeOut(snapshotFile({ store: from, snapshot, to, signal }), { path: file, force: false });
  return { file, snapshot };
}

let store: SnapshotStore;
beforeEach(() => {
  store = emptyStore();
});

interface Asked {
  key?: UnsealWith;
  problem?: string;
}
const bring = (file: string, { key, problem }: Asked = {}) => {
  const unsealWith = async () => key ?? Promise.reject(new Error('asked'));
  return importSnapshot({ store, file, unsealWith, problemsOf: () => (problem ? [problem] : []), signal });
};
const nothing = () => expect(readdirSync(store.directory)).toEqual([]);

describe('what left the store', () => {
  it('comes back under its ID, whole, and says where from', async () => {
    const { file, snapshot } = await carried();
    expect(await bring(file)).toEqual({ ...snapshot, reason: 'file' });
    expect((await listSnapshots(store)).snapshots).toEqual([{ ...snapshot, reason: 'file' }]);
    expect(readFileSync(databasePath(store, snapshot.id)).equals(DATABASE)).toBe(true);
    expect(readdirSync(store.directory).toSorted()).toEqual([`${snapshot.id}.db`, `${snapshot.id}.json`]);
  });

  it('is opened where it is sealed', async () => {
    const identity = await generateX25519Identity();
    const { file, snapshot } = await carried({}, { recipients: [await identityToRecipient(identity)] });
    expect((await bring(file, { key: { identities: [identity] } })).id).toBe(snapshot.id);
  });

  it('does not replace the same one where it is whole, and mends it where it is not', async () => {
    const { file, snapshot } = await carried();
    await bring(file);
    await writeSidecar(store, { ...snapshot, reason: 'up' });
    expect((await bring(file)).reason).toBe('up');
    const damaged = Buffer.from(DATABASE);
    damaged.fill(1, 20_000, 20_016);
    writeFileSync(databasePath(store, snapshot.id), damaged);
    expect((await bring(file)).reason).toBe('file');
    expect(readFileSync(databasePath(store, snapshot.id)).equals(DATABASE)).toBe(true);
  });
});

describe('bad input leaves the store as it was', () => {
  it.each([
    ['of another kind', (path: string) => writeFileSync(path, 'no archive'.repeat(1000))],
    ['that is empty', (path: string) => writeFileSync(path, '')],
    ['of etcd itself', (path: string) => writeFileSync(path, DATABASE)],
  ])('a file %s', async (_what, write) => {
    const path = join(temporaryDirectory(), 'x');
    write(path);
    expect(await rejection(bring(path))).toMatchObject({ code: 'snapshot-file-unknown', exit: 2 });
    nothing();
  });

  it('a file that is not there', async () => {
    expect(await rejection(bring('/none/b'))).toMatchObject({ code: 'out-not-usable', exit: 2 });
  });

  it('a file that was cut, sealed or not', async () => {
    const { file } = await carried();
    const plain = readFileSync(file);
    for (const at of [3000, 40_000, -32, -1024, -1]) {
      writeFileSync(file, plain.subarray(0, at));
      expect(await rejection(bring(file))).toMatchObject({ code: 'snapshot-file-damaged', exit: 2 });
      nothing();
    }
    const identity = await generateX25519Identity();
    const sealed = await carried({}, { recipients: [await identityToRecipient(identity)] });
    const bytes = readFileSync(sealed.file);
    for (const at of [100, 70_000, -1]) {
      writeFileSync(sealed.file, bytes.subarray(0, at));
      const error = await rejection(bring(sealed.file, { key: { identities: [identity] } }));
      expect(error).toMatchObject({ code: 'sealed-damaged', exit: 2 });
      nothing();
    }
  });

  it('a file whose sidecar is of another database', async () => {
    const { snapshot } = await kept();
    for (const wrong of [{ sha256: 'b'.repeat(64) }, { keys: 1 }, { id: '1-7', revision: '7' }]) {
      const info = { ...snapshot, ...wrong };
      const parts = { json: Buffer.from(JSON.stringify(info)), db: DATABASE };
      const files = Object.entries(parts).map(([end, bytes]) => ({
        name: `${info.id}.${end}`,
        sizeBytes: bytes.length,
        content: inParts(bytes),
      }));
      const file = join(temporaryDirectory(), 'b');
      await writeOut(tarOf(files, new Date(0)), { path: file, force: false });
      expect(await rejection(bring(file))).toMatchObject({ code: 'snapshot-file-damaged', exit: 2 });
      nothing();
    }
  });

  it('somebody else’s key, and none', async () => {
    const identity = await generateX25519Identity();
    const { file } = await carried({}, { recipients: [await identityToRecipient(identity)] });
    const key = { identities: [await generateX25519Identity()] };
    expect(await rejection(bring(file, { key }))).toMatchObject({ code: 'sealed-key', exit: 2 });
    await expect(bring(file)).rejects.toThrow('asked');
    nothing();
  });

  it('one that is not wanted, with the reason, before all of it is read', async () => {
    const { file, snapshot } = await carried();
    const error = await rejection(bring(file, { problem: 'it is of another cluster' }));
    expect(error).toMatchObject({ code: 'snapshot-file-unusable', exit: 2 });
    expect(error.message).toContain(`the snapshot ${snapshot.id} of `);
    expect(error.message).toMatch(/cannot be used: it is of another cluster$/);
    nothing();
  });

  it('one of another etcd under the same incarnation', async () => {
    const { file, snapshot } = await carried();
    await bring(file);
    const { file: other } = await carried({ etcdClusterId: '18' });
    expect(await rejection(bring(other))).toMatchObject({ code: 'snapshot-foreign-etcd', exit: 5 });
    expect((await listSnapshots(store)).snapshots.map(({ id }) => id)).toEqual([snapshot.id]);
  });

  it('a disk without room', async () => {
    const { file } = await carried();
    const real = vi.mocked(open).getMockImplementation();
    vi.mocked(open).mockImplementation(async (path, flags, mode) => {
      const { open: unmocked } = await vi.importActual<typeof import('node:fs/promises')>('node:fs/promises');
      const handle = await unmocked(path, flags, mode);
      if (flags === 'wx') handle.appendFile = () => Promise.reject(fullDisk());
      return handle;
    });
    try {
      const error = await rejection(bring(file));
      expect(error).toMatchObject({ code: 'state-not-usable', exit: 2 });
      expect(error.message).toContain('no space is left');
      nothing();
    } finally {
      vi.mocked(open).mockReset();
      if (real) vi.mocked(open).mockImplementation(real);
    }
  });
});

const fullDisk = () => Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' });

it('an ID is that of its place in history', async () => {
  const { snapshot } = await kept();
  expect(snapshotId(snapshot)).toBe(snapshot.id);
});
