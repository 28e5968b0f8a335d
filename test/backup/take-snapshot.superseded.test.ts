import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { prepareStore, snapshotStore } from '../../src/backup/snapshot-store.js';
import { takeSnapshot } from '../../src/backup/take-snapshot.js';
import { stateDirAt } from '../../src/state/state-dir.js';
import { temporaryDirectory } from '../artifacts/fixtures.js';
import { FakeEtcd, FakeEtcdCluster } from '../helpers/fake-etcd.js';
import { OPERATOR, sampleNode, sampleSpec } from '../helpers/sample-facts.js';

it('keeps nothing of a cluster that another copy of the state acts on', async () => {
  const store = snapshotStore(stateDirAt(temporaryDirectory()));
  await prepareStore(store);
  const members = new FakeEtcd({ s4: '10.0.0.4' });
  members.values.set('k8s-diskless/operator', Buffer.from('2 b2'));
  const etcd = { incarnation: 1, phase: 'bootstrapped' as const, token: 't', members: ['s4'], bootIds: {} };
  const spec = sampleSpec({ nodes: [sampleNode({ name: 's4' })] });
  const taken = takeSnapshot({
    cluster: new FakeEtcdCluster(members),
    record: { clusterId: 'c1', operator: OPERATOR, spec, etcd },
    store,
    reason: 'backup',
    now: () => new Date(0),
    signal: new AbortController().signal,
  });
  await expect(taken).rejects.toMatchObject({ code: 'operator-superseded', exit: 5 });
  expect(readdirSync(store.directory).filter((name) => name !== 'lock')).toEqual([]);
});
