import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  listSnapshots,
  prepareStore,
  type SnapshotStore,
  snapshotStore,
  writeSidecar,
} from '../../src/backup/snapshot-store.js';
import { takeSnapshot } from '../../src/backup/take-snapshot.js';
import { verifySnapshot } from '../../src/backup/verify-snapshot.js';
import type { Cluster } from '../../src/cluster/cluster.js';
import type { ClusterRecord } from '../../src/state/records.js';
import { stateDirAt } from '../../src/state/state-dir.js';
import { useEtcd } from '../etcd/use-etcd.js';
import { OPERATOR, sampleSpec } from '../helpers/sample-facts.js';

const etcd = useEtcd();
let root: string;
let store: SnapshotStore;
let at: number;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'k8s-diskless-take-'));
  store = snapshotStore(stateDirAt(root));
  await prepareStore(store);
  at = Date.parse('2026-11-30T10:00:00Z');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const { signal } = new AbortController();
const NAMES = ['s4', 's5', 's6'];
const spec = sampleSpec();
const nodes = NAMES.map((name) => ({ ...spec.nodes[0], name, role: 'control-plane' as const }));
const record = {
  clusterId: 'c1',
  operator: OPERATOR,
  spec: { ...spec, nodes },
  etcd: { incarnation: 2, phase: 'bootstrapped', token: 't', members: NAMES, bootIds: {} },
} as unknown as ClusterRecord;

/** Those of its doors that are needed here. */
const cluster = () =>
  ({
    etcdOf: async (name: string) => etcd.member(name).gateway,
    etcdStreamsOf: async (name: string) => etcd.member(name).grpc,
    quorumThrough: async () => etcd.member('s4').gateway,
  }) as unknown as Cluster;

const take = () =>
  takeSnapshot({ cluster: cluster(), record, store, reason: 'backup', now: () => new Date(at), signal });

const start = (): Promise<void> => etcd.startMembers(...NAMES);

test('what is taken is whole, of a follower, and says what it is', async () => {
  await start();
  const info = await take();
  expect(info).toMatchObject({
    id: '2-1',
    incarnation: 2,
    revision: '1',
    kubernetes: spec.kubernetes,
    keys: 0,
    objects: 0,
  });
  const { leader, header } = await etcd.member(info.node).gateway.status();
  expect(leader).not.toBe(header.memberId);
  await verifySnapshot(store, info, signal);
  expect((await listSnapshots(store)).snapshots).toEqual([info]);
});

test('one that must not count when it is whole leaves nothing', async () => {
  await start();
  const confirm = () => Promise.reject(new Error('another life'));
  const options = { cluster: cluster(), record, store, reason: 'backup', now: () => new Date(at), confirm, signal };
  await expect(takeSnapshot(options)).rejects.toThrow('another life');
  expect(readdirSync(store.directory)).toEqual([]);
});

test('a second one of the same revision confirms the first', async () => {
  await start();
  const first = await take();
  at += 60_000;
  const second = await take();
  expect(second).toEqual({ ...first, takenAt: new Date(at).toISOString() });
  expect((await listSnapshots(store)).snapshots).toEqual([second]);
});

test('where a member does not give one another does, and where none does nothing is left', async () => {
  await start();
  await etcd.member('s4').kill();
  expect((await take()).node).not.toBe('s4');
  await etcd.member('s5').kill();
  const before = readdirSync(store.directory);
  await expect(take()).rejects.toMatchObject({ code: expect.stringMatching(/^etcd-/) });
  expect(readdirSync(store.directory)).toEqual(before);
});

test('another etcd under the number of a known incarnation is none of ours', async () => {
  await start();
  const info = await take();
  await writeSidecar(store, { ...info, etcdClusterId: '17' });
  await expect(take()).rejects.toMatchObject({ code: 'snapshot-foreign-etcd', exit: 5 });
});
