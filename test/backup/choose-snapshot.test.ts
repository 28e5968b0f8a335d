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
  prepareStore,
  removeSnapshot,
  type SnapshotStore,
  snapshotStore,
  writeSidecar,
} from '../../src/backup/snapshot-store.js';
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
  return choice.kind === 'usable' ? choice.snapshot.id : `${choice.why}; ${choice.ways}`;
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
    expect(await chosen()).toContain(`--snapshot ${first} takes the one of`);
    rmSync(store.directory, { recursive: true });
    expect(await chosen()).toContain(`the snapshot ${second} is missing; put it back into ${store.directory}`);
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
