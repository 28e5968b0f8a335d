import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  databasePath,
  findSnapshot,
  listSnapshots,
  prepareStore,
  readLast,
  removeSnapshot,
  type SnapshotStore,
  snapshotStore,
  sweepStore,
  writeSidecar,
} from '../../src/backup/snapshot-store.js';
import { stateDirAt } from '../../src/state/state-dir.js';
import { sampleSnapshot } from './samples.js';

let root: string;
let store: SnapshotStore;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'k8s-diskless-snapshots-'));
  store = snapshotStore(stateDirAt(root));
  await prepareStore(store);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function keep(incarnation: number, revision: number): Promise<string> {
  const info = sampleSnapshot({ incarnation, revision: `${revision}` });
  writeFileSync(databasePath(store, info.id), Buffer.alloc(info.sizeBytes));
  await writeSidecar(store, info);
  return info.id;
}
const ids = async () => (await listSnapshots(store)).snapshots.map(({ id }) => id);

describe('the store of snapshots', () => {
  it('is empty where there never was one, and creates nothing to say so', async () => {
    const none = snapshotStore(stateDirAt(join(root, 'elsewhere')));
    expect(await listSnapshots(none)).toEqual({ snapshots: [], damaged: [] });
    expect(await readLast(none)).toBeUndefined();
    expect(readdirSync(root)).toEqual(['snapshots']);
  });

  it('lists the newest first, by incarnation and revision, as numbers', async () => {
    for (const [incarnation, revision] of [
      [1, 999],
      [1, 1000],
      [2, 7],
      [10, 1],
    ] as const)
      await keep(incarnation, revision);
    expect(await ids()).toEqual(['10-1', '2-7', '1-1000', '1-999']);
  });

  it('counts no file without a sidecar, which is left of a run that was killed', async () => {
    await keep(1, 5);
    writeFileSync(databasePath(store, '1-6'), 'begun');
    const killed = join(store.directory, '.incoming.db.0123456789ab.tmp');
    writeFileSync(killed, 'begun');
    writeFileSync(join(root, '.last-snapshot.json.0123456789ab.tmp'), 'begun');
    writeFileSync(join(root, '.cluster.yaml.0123456789ab.tmp'), 'of who holds the other lock');
    expect(await ids()).toEqual(['1-5']);
    const now = Date.now();
    await sweepStore(store, new Date(now));
    // Somebody may be putting it back by hand, with its sidecar to follow.
    const alone = readdirSync(store.directory).filter((name) => !name.startsWith('1-5.'));
    expect(alone).toEqual(['1-6.db']);
    await sweepStore(store, new Date(now + 25 * 60 * 60 * 1000));
    expect(readdirSync(store.directory).toSorted()).toEqual(['1-5.db', '1-5.json']);
    expect(readdirSync(root).toSorted()).toEqual(['.cluster.yaml.0123456789ab.tmp', 'last-snapshot.json', 'snapshots']);
  });

  it('does not take a damaged one for none', async () => {
    for (const revision of [1, 2, 3, 4]) await keep(1, revision);
    truncateSync(databasePath(store, '1-2'), 10);
    writeFileSync(join(store.directory, '1-3.json'), '{"version":1');
    rmSync(databasePath(store, '1-4'));
    const { snapshots, damaged } = await listSnapshots(store);
    expect(snapshots.map(({ id }) => id)).toEqual(['1-1']);
    expect(damaged.toSorted((one, other) => one.id.localeCompare(other.id))).toEqual([
      { id: '1-2', why: 'its file has 10 of 32 bytes' },
      { id: '1-3', why: 'its sidecar is damaged, or of a later release' },
      { id: '1-4', why: 'its file cannot be read (ENOENT)' },
    ]);
    await expect(findSnapshot(store, '1-2')).rejects.toMatchObject({ code: 'snapshot-damaged', exit: 2 });
    await expect(findSnapshot(store, '9-9')).rejects.toMatchObject({ code: 'snapshot-unknown', exit: 2 });
  });

  it('remembers which was the newest when the directory is gone', async () => {
    await keep(2, 50);
    await keep(2, 9);
    rmSync(store.directory, { recursive: true });
    expect(await ids()).toEqual([]);
    expect(await readLast(store)).toMatchObject({ id: '2-50' });
    writeFileSync(String(store.last), '{}');
    await expect(readLast(store)).rejects.toMatchObject({ code: 'state-damaged' });
  });

  it('removes one with its file', async () => {
    await keep(1, 1);
    await removeSnapshot(store, '1-1');
    expect(readdirSync(store.directory)).toEqual([]);
  });
});
