import { expect, test } from 'vitest';
import type { SnapshotInfo } from '../../src/backup/snapshot-info.js';
import { databasePath } from '../../src/backup/snapshot-store.js';
import { type Replayed, replayLog } from '../../src/changelog/replay.js';
import type { EtcdGateway } from '../../src/etcd/gateway.js';
import type { EtcdProcess } from '../etcd/etcd-cluster.js';
import { etcdWriter } from '../etcd/etcd-writer.js';
import { useEtcd } from '../etcd/use-etcd.js';
import { useFollowed } from './use-followed.js';

const etcd = useEtcd();
const followed = useFollowed(etcd);
const { signal } = new AbortController();

const put = (key: string, value: string) => ({ kind: 'put' as const, key, value: Buffer.from(value) });
const gone = (key: string) => ({ kind: 'delete' as const, key });

/** What is there, but for our own marker. */
async function contentOf(gateway: EtcdGateway): Promise<Record<string, string>> {
  const { keys } = await gateway.keysOf('/', { after: undefined, limit: 10_000 });
  const content: Record<string, string> = {};
  for (const key of keys) content[key] = String(await gateway.valueOf(key));
  return content;
}

let restores = 0;
async function restored(snapshot: SnapshotInfo): Promise<EtcdProcess> {
  restores += 1;
  const member = await etcd.newcomer(`r${restores}`);
  member.restore(databasePath(followed.snapshots(), snapshot.id));
  await member.start({ state: 'existing', others: [] });
  await member.gateway.linearizableRead();
  return member;
}
const replayed = (snapshot: SnapshotInfo, { gateway }: EtcdProcess): Promise<Replayed | undefined> =>
  replayLog({ store: followed.log(), snapshot, etcd: gateway, signal });

test('what was written after a snapshot is there again, and what must not return is not', async () => {
  await followed.start('s4');
  const { gateway, grpc } = etcd.member('s4');
  await gateway.write([
    put('/registry/namespaces/default', ''),
    put('/registry/namespaces/doomed', ''),
    put('/registry/namespaces/kube-node-lease', ''),
    put('/registry/configmaps/default/changed', 'old'),
    put('/registry/configmaps/default/deleted', 'old'),
    put('/registry/configmaps/doomed/left', 'old'),
    put('/registry/leased/default/late', 'old'),
    put('/registry/leases/kube-node-lease/s4', 'old'),
  ]);
  const log = followed.follow();
  await log.until(({ isRed }) => !isRed);
  const first = await followed.newest();
  await gateway.write([
    put('/registry/configmaps/default/changed', 'new'),
    gone('/registry/configmaps/default/deleted'),
    put('/registry/namespaces/made', ''),
    put('/registry/example.com/things/made/thing', '\xff'),
    put('/registry/leases/kube-node-lease/s4', 'new'),
    put('/registry/events/default/event', 'new'),
  ]);
  for (let count = 0; count < 300; count++)
    await gateway.write([put(`/registry/pods/default/${count}`, 'x'.repeat(9_000))]);
  const later = await followed.take();
  await gateway.write([gone('/registry/namespaces/doomed'), put('/registry/configmaps/default/last', 'new')]);
  const writer = etcdWriter(grpc);
  await writer.putLeased('/registry/leased/default/late', 'new', await writer.grant(600));
  writer.close();
  await log.flush(signal);
  await log.stop();

  const {
    '/registry/events/default/event': event,
    '/registry/leased/default/late': leased,
    '/registry/configmaps/doomed/left': orphan,
    ...expected
  } = await contentOf(gateway);
  expect([event, leased, orphan]).toEqual(['new', 'new', 'old']);
  await etcd.member('s4').kill();

  const old = await restored(first);
  expect(await replayed(first, old)).toMatchObject({ written: 304, deleted: 3, orphans: 1 });
  expect(await contentOf(old.gateway)).toEqual({ ...expected, '/registry/leases/kube-node-lease/s4': 'old' });

  // Cut off in the middle it is done again; done it is not done twice.
  await old.gateway.write([put('/registry/configmaps/default/last', 'other')]);
  await replayed(first, old);
  expect(await contentOf(old.gateway)).toMatchObject({ '/registry/configmaps/default/last': 'other' });
  const [marker = ''] = (await old.gateway.keysOf('k', { after: undefined, limit: 10 })).keys;
  await old.gateway.write([put(marker, 'begun')]);
  await replayed(first, old);
  expect(await contentOf(old.gateway)).toMatchObject({ '/registry/configmaps/default/last': 'new' });

  // The log that was begun for the first goes on from the later one, too.
  const recent = await restored(later);
  expect(await replayed(later, recent)).toMatchObject({ written: 1, deleted: 2, orphans: 1 });
  expect(await contentOf(recent.gateway)).toEqual({ ...expected, '/registry/events/default/event': 'new' });
});

test('what the log has nothing of is left alone', async () => {
  await followed.start('s4');
  const snapshot = await followed.take();
  const member = await restored(snapshot);
  expect(await replayed(snapshot, member)).toBeUndefined();
  expect(await member.gateway.keysOf('k', { after: undefined, limit: 1 })).toEqual({ keys: [], more: false });
});

test('a counter that is written all the time has the last value that was said to be kept', async () => {
  await followed.start('s4', 's5', 's6');
  const { gateway } = etcd.member('s4');
  const log = followed.follow();
  await log.until(({ isRed }) => !isRed);
  const base = await followed.newest();
  let acknowledged = 0;
  const counting = (async () => {
    for (let count = 1; ; count++) {
      await gateway.write([put('/registry/counter', String(count))], { timeoutMs: 2_000 });
      acknowledged = count;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  counting.catch(() => undefined);
  await log.until(({ revision }) => (revision ?? 0) > 60);
  // All power goes.
  const said = log.states.at(-1)?.revision ?? 0;
  await Promise.all(['s4', 's5', 's6'].map((name) => etcd.member(name).kill()));
  await expect(counting).rejects.toBeDefined();
  await log.stop();
  const member = await restored(base);
  await replayed(base, member);
  const value = Number(await member.gateway.valueOf('/registry/counter'));
  // The only ones that write: a value is its revision less that of the base.
  expect(value).toBeGreaterThanOrEqual(said - Number(base.revision));
  expect(value).toBeLessThanOrEqual(acknowledged + 1);
});
