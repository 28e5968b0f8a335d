import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { expect, it } from 'vitest';
import { snapshotFile } from '../../src/backup/snapshot-file.js';
import { databasePath, type SnapshotStore, snapshotStore } from '../../src/backup/snapshot-store.js';
import { filesOf } from '../../src/sealed/tar-read.js';
import { unseal } from '../../src/sealed/unseal.js';
import { stateDirAt } from '../../src/state/state-dir.js';
import { rejection, temporaryDirectory } from '../artifacts/fixtures.js';
import { fixture } from '../etcd-file/fixture.js';
import { all } from '../sealed/bytes.js';
import { sampleSnapshot } from './samples.js';

const DATABASE = fixture('snapshot-3.7');
const sha256 = createHash('sha256').update(DATABASE.subarray(0, -32)).digest('hex');
const snapshot = sampleSnapshot({ sizeBytes: DATABASE.length, sha256 });
const { signal } = new AbortController();

function kept(bytes: Buffer): SnapshotStore {
  const store = snapshotStore(stateDirAt(temporaryDirectory()));
  mkdirSync(store.directory);
  writeFileSync(databasePath(store, snapshot.id), bytes);
  return store;
}

it('is an archive of the sidecar and the database, sealed', async () => {
  const identity = await generateX25519Identity();
  const to = { recipients: [await identityToRecipient(identity)] };
  const chunks = snapshotFile({ store: kept(DATABASE), snapshot, to, signal });
  const found: Record<string, Buffer> = {};
  for await (const { name, content } of filesOf(unseal({ file: 'b', chunks, key: { identities: [identity] } })))
    found[name] = await all(content);
  expect(Object.keys(found)).toEqual([`${snapshot.id}.json`, `${snapshot.id}.db`]);
  expect(JSON.parse(String(found[`${snapshot.id}.json`]))).toEqual(snapshot);
  expect(found[`${snapshot.id}.db`]?.equals(DATABASE)).toBe(true);
});

it('breaks off where what is kept is no longer what was verified', async () => {
  const damaged = Buffer.from(DATABASE);
  damaged.fill(1, 20_000, 20_016);
  const error = await rejection(all(snapshotFile({ store: kept(damaged), snapshot, to: undefined, signal })));
  expect(error).toMatchObject({ code: 'snapshot-damaged' });
});
