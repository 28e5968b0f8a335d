import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChooseOptions, chooseSnapshot } from '../../src/backup/choose-snapshot.js';
import { readDatabase, revisionOf } from '../../src/backup/read-database.js';
import type { SnapshotInfo } from '../../src/backup/snapshot-info.js';
import {
  databasePath,
  listSnapshots,
  prepareStore,
  removeSnapshot,
  type SnapshotStore,
  snapshotStore,
  strayStore,
  writeSidecar,
} from '../../src/backup/snapshot-store.js';
import { DisklessError } from '../../src/errors.js';
import type { EtcdRecord } from '../../src/state/records.js';
import { stateDirAt } from '../../src/state/state-dir.js';
import { fixture } from '../etcd-file/fixture.js';
import { sampleSnapshot } from './samples.js';

const { signal } = new AbortController();
const DATABASE = fixture('snapshot-3.7');
const ETCD: EtcdRecord = { incarnation: 2, phase: 'bootstrapped', token: 't', members: [], bootIds: {} };
let root: string;
let store: SnapshotStore;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'k8s-diskless-choose-'));
  store = snapshotStore(stateDirAt(root));
  await prepareStore(store);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** With its pages as they come, and the hash that is right for them. */
function hashed(pages: Buffer): { database: Buffer; sha256: string } {
  const hash = createHash('sha256').update(pages).digest();
  return { database: Buffer.concat([pages, hash]), sha256: hash.toString('hex') };
}

/** A real one; of another incarnation it is another snapshot. */
async function keep(incarnation: number, changes: Partial<SnapshotInfo> = {}): Promise<string> {
  const path = join(root, 'database');
  writeFileSync(path, DATABASE);
  const contents = await readDatabase(path, signal);
  const revision = revisionOf(contents);
  const sha256 = createHash('sha256').update(DATABASE.subarray(0, -32)).digest('hex');
  const about = { incarnation, revision, sha256, sizeBytes: DATABASE.length, keys: contents.liveKeys };
  const info = sampleSnapshot({ ...about, id: `${incarnation}-${revision}`, ...changes });
  writeFileSync(databasePath(store, info.id), DATABASE);
  await writeSidecar(store, info);
  return info.id;
}

const choose = (changes: Partial<ChooseOptions> = {}) =>
  chooseSnapshot({
    store,
    strays: strayStore(stateDirAt(root)),
    clusterId: 'c1',
    etcd: ETCD,
    spec: { kubernetes: '1.37.2', etcd: '3.7.3' },
    encryptionKeys: new Set(['key-1']),
    named: undefined,
    signal,
    ...changes,
  });

async function chosen(changes: Partial<ChooseOptions> = {}): Promise<string> {
  const choice = await choose(changes);
  if (choice.kind === 'none') return 'none';
  if (choice.kind === 'usable') return choice.snapshot.id;
  return `${choice.why}; ${choice.ways}${choice.older ? `; or ${choice.older.id}` : ''}`;
}

describe('what a next life begins from', () => {
  it('is nothing where there never was a snapshot', async () => expect(await chosen()).toBe('none'));

  it('is the newest, or the one that a person named', async () => {
    const [first, second] = [await keep(1), await keep(2)];
    expect(await chosen()).toBe(second);
    expect(await chosen({ named: first })).toBe(first);
  });

  it('is what an unfinished one began with, though there are newer ones', async () => {
    const first = await keep(1);
    await keep(2);
    const etcd: EtcdRecord = { ...ETCD, phase: 'bootstrapping', origin: { snapshot: first, phase: 'restoring' } };
    expect(await chosen({ etcd })).toBe(first);
  });

  it('is a stray where an unfinished one began with it, or a person named it, and never by itself', async () => {
    const newest = await keep(2);
    const strays = strayStore(stateDirAt(root));
    await prepareStore(strays);
    const kept = (await listSnapshots(store)).snapshots[0];
    if (kept === undefined) throw new Error('nothing was kept');
    const id = `3-${kept.revision}-s4`;
    expect(await chosen({ named: id })).toBe(
      `the snapshot ${id} is missing; put it back into ${strays.directory}, whole, with its sidecar; or ${newest}`,
    );
    writeFileSync(databasePath(strays, id), DATABASE);
    await writeSidecar(strays, { ...kept, id, incarnation: 3, stray: { how: 'file' } });
    const etcd: EtcdRecord = { ...ETCD, phase: 'bootstrapping', origin: { snapshot: id, phase: 'restoring' } };
    expect([await chosen(), await chosen({ etcd }), await chosen({ named: id })]).toEqual([newest, id, id]);
  });

  it('is never an older one in the place of one that is damaged or gone, which is named as a way', async () => {
    const [first, second] = [await keep(1), await keep(2)];
    const whole = databasePath(store, second);
    truncateSync(whole, 100);
    expect(await chosen()).toContain(`the snapshot ${second} is damaged: its file has 100 of`);
    const flipped = Buffer.from(DATABASE);
    flipped[5000] = (flipped[5000] ?? 0) ^ 1;
    writeFileSync(whole, flipped);
    expect(await chosen()).toContain(`the snapshot ${second} is damaged: its SHA-256`);
    writeFileSync(join(store.directory, `${second}.json`), '{');
    expect(await chosen()).toContain('its sidecar is damaged');
    await removeSnapshot(store, second);
    expect(await chosen()).toContain(`the snapshot ${second} is missing`);
    expect(await chosen()).toContain(`; or ${first}`);
    rmSync(store.directory, { recursive: true });
    expect(await chosen()).toContain(`the snapshot ${second} is missing; put it back into ${store.directory}`);
  });

  it('is none whose pages are damaged, though its hash is right for them', async () => {
    const pages = Buffer.from(DATABASE.subarray(0, -32));
    // Both of the pages by which everything else is found.
    pages.fill(0, 0, 2 * 4096);
    const { database, sha256 } = hashed(pages);
    const id = await keep(1, { sha256 });
    writeFileSync(databasePath(store, id), database);
    expect(await chosen()).toContain(`the snapshot ${id} is damaged: neither meta page`);
  });

  it('is none that holds something else than its sidecar says', async () => {
    await keep(1, { keys: 7 });
    expect(await chosen()).toContain('it holds something else than when it was taken');
    await keep(2, { incarnation: 2, id: '2-7', revision: '7' });
    expect(await chosen()).toContain('the snapshot 2-7 is damaged: it holds something else');
  });

  it('is none where nothing is left but the word that there was one, and no other is named as a way', async () => {
    const only = await keep(1);
    await removeSnapshot(store, only);
    const ways = `put it back into ${store.directory}, whole, with its sidecar`;
    expect(await choose()).toEqual({ kind: 'unusable', why: `the snapshot ${only} is missing`, ways, broken: only });
  });

  it('is missing where an unfinished one began with it, or a person named it, whatever else there is', async () => {
    await keep(2);
    const etcd: EtcdRecord = { ...ETCD, phase: 'bootstrapping', origin: { snapshot: '1-9', phase: 'restoring' } };
    expect(await chosen({ etcd })).toContain('the snapshot 1-9 is missing');
    expect(await chosen({ named: '1-8' })).toContain('the snapshot 1-8 is missing');
  });

  it('is the newest again once an attempt is finished, and the named one over an unfinished', async () => {
    const [first, second] = [await keep(1), await keep(2)];
    const origin = { snapshot: first, phase: 'kept' } as const;
    expect(await chosen({ etcd: { ...ETCD, origin } })).toBe(second);
    expect(await chosen({ etcd: { ...ETCD, phase: 'bootstrapping', origin }, named: second })).toBe(second);
  });

  it('names the newest of the others as a way, by revision and not by name or clock', async () => {
    for (const revision of ['99', '1000', '8'])
      await keep(1, {
        revision,
        id: `1-${revision}`,
        takenAt: `2026-11-30T10:00:00.${revision.padStart(4, '0').slice(1)}Z`,
      });
    const newest = await keep(2, { clusterId: 'c2' });
    expect(await choose()).toMatchObject({
      kind: 'unusable',
      why: `the snapshot ${newest} cannot be used: it is of another cluster`,
      ways: `put it back into ${store.directory}, whole, with its sidecar`,
      older: { id: '1-1000', takenAt: '2026-11-30T10:00:00.000Z' },
    });
  });

  it('names none that is newer, or that could not be used either', async () => {
    await keep(3);
    const etcd: EtcdRecord = { ...ETCD, phase: 'bootstrapping', origin: { snapshot: '2-9', phase: 'restoring' } };
    expect(await choose({ etcd })).not.toHaveProperty('older');
    await keep(1, { clusterId: 'c2' });
    expect(await choose({ etcd })).not.toHaveProperty('older');
    const usable = await keep(1, { id: '1-8', revision: '8' });
    expect(await choose({ etcd })).toMatchObject({ older: { id: usable } });
  });

  it('is missing where a life was made of one, though nothing is left that names any', async () => {
    const origin = { snapshot: '1-9', phase: 'kept' } as const;
    expect(await choose({ etcd: { ...ETCD, origin } })).toMatchObject({ why: 'every snapshot is missing' });
  });

  it('comes to no conclusion after Ctrl-C', async () => {
    await keep(1);
    const aborted = AbortSignal.abort(new DisklessError({ code: 'interrupted', message: 'interrupted' }));
    await expect(choose({ signal: aborted })).rejects.toBe(aborted.reason);
  });

  it('is none that what is brought up could not go on with', async () => {
    await keep(1, { encryptionKeys: ['key-1', 'key-0'] });
    expect(await chosen()).toContain('the encryption key key-0 is missing from pki/');
    expect(await chosen({ clusterId: 'c2' })).toContain('it is of another cluster');
  });

  it.each([
    ['1.37.2', '1.37.2', true],
    ['1.36.5', '1.37.2', true],
    ['1.35.4', '1.37.2', false],
    ['1.37.2', '1.36.5', false],
    ['1.30.1', '1.37.2', false],
  ])('Kubernetes %s, brought up as %s: %s', async (kubernetes, spec, isUsable) => {
    await keep(1, { kubernetes });
    expect((await choose({ spec: { kubernetes: spec, etcd: '3.7.3' } })).kind).toBe(isUsable ? 'usable' : 'unusable');
  });

  it.each([
    ['3.7.3', '3.7.1', true],
    ['3.6.16', '3.7.3', true],
    ['3.7.3', '3.6.16', false],
  ])('etcd %s, brought up as %s: %s', async (etcd, spec, isUsable) => {
    await keep(1, { etcd });
    expect((await choose({ spec: { kubernetes: '1.37.2', etcd: spec } })).kind).toBe(isUsable ? 'usable' : 'unusable');
  });
});
