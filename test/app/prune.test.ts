import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { prune } from '../../src/app/backup.js';
import {
  databasePath,
  listSnapshots,
  prepareStore,
  snapshotStore,
  writeSidecar,
} from '../../src/backup/snapshot-store.js';
import { writeClusterRecord } from '../../src/state/record-files.js';
import { prepareStateDir, type StateDir, stateDirAt } from '../../src/state/state-dir.js';
import { sampleSnapshot } from '../backup/samples.js';
import { OPERATOR, sampleSpec } from '../helpers/sample-facts.js';

let state: StateDir;
beforeEach(() => {
  state = stateDirAt(mkdtempSync(join(tmpdir(), 'k8s-diskless-prune-')));
});
afterEach(() => rmSync(state.root, { recursive: true, force: true }));

it('keeps what an unfinished restore began with, as the record says by now', async () => {
  await prepareStateDir(state);
  const store = snapshotStore(state);
  await prepareStore(store);
  for (let revision = 100; revision < 126; revision++) {
    const info = sampleSnapshot({ revision: `${revision}` });
    writeFileSync(databasePath(store, info.id), Buffer.alloc(info.sizeBytes));
    await writeSidecar(store, info);
  }
  const etcd = { incarnation: 2, phase: 'bootstrapping' as const, token: 't', members: ['s4'], bootIds: {} };
  const origin = { snapshot: '1-100', phase: 'restoring' as const };
  await writeClusterRecord(state, {
    clusterId: 'c1',
    operator: OPERATOR,
    spec: sampleSpec(),
    etcd: { ...etcd, origin },
  });
  const now = new Date('2026-11-30T11:00:00Z');
  expect(await prune({ state, store, now })).toEqual(['1-101']);
  await writeClusterRecord(state, {
    clusterId: 'c1',
    operator: OPERATOR,
    spec: sampleSpec(),
    etcd: { ...etcd, phase: 'bootstrapped', origin },
  });
  expect(await prune({ state, store, now })).toEqual(['1-100']);
  expect((await listSnapshots(store)).snapshots).toHaveLength(24);
  const backup = { ...sampleSpec().backup, keep: 3 };
  await writeClusterRecord(state, {
    clusterId: 'c1',
    operator: OPERATOR,
    spec: sampleSpec({ backup }),
    etcd: { ...etcd, origin: undefined, phase: 'bootstrapped' },
  });
  expect(await prune({ state, store, now })).toHaveLength(21);
});
