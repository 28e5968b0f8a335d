import { appendFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeSidecar } from '../../src/backup/snapshot-store.js';
import type { LogRecord } from '../../src/changelog/log-record.js';
import type { EtcdGateway } from '../../src/etcd/gateway.js';
import { etcdWriter } from '../etcd/etcd-writer.js';
import { useEtcd } from '../etcd/use-etcd.js';
import { useFollowed } from './use-followed.js';

const etcd = useEtcd();
const NAMES = ['s4', 's5', 's6'];
const followed = useFollowed(etcd);
const { signal } = new AbortController();

const gateway = (name: string): EtcdGateway => etcd.member(name).gateway;
const put = (key: string, value: string) => ({ kind: 'put' as const, key, value: Buffer.from(value) });
const contentOf = (records: readonly LogRecord[]): string[] =>
  records.flatMap((record) =>
    record.kind === 'nothing'
      ? []
      : record.changes.map((change) => (change.kind === 'put' ? `${change.key}=${change.value}` : `-${change.key}`)),
  );

/** That each revision is there once, from one to another. */
function expectChain(records: readonly LogRecord[], from: number, to: number): void {
  let last = from - 1;
  for (const record of records) {
    expect(record.from).toBe(last + 1);
    last = record.to;
  }
  expect(last).toBe(to);
}

test('what is written by many at once is there without a hole, from a snapshot that it asks for', async () => {
  await followed.start(...NAMES);
  await gateway('s4').write([put('/registry/pods/default/old', '1')]);
  const log = followed.follow();
  await log.until(({ isRed }) => !isRed);
  await Promise.all(
    NAMES.map(async (name) => {
      for (let count = 1; count <= 60; count++)
        await gateway(name).write([
          put(`/registry/pods/default/${name}`, String(count)),
          put('/registry/events/default/some', String(count)),
        ]);
      await gateway(name).write([put('/registry/leases/kube-node-lease/s4', '1')]);
    }),
  );
  await log.flush(signal);
  const snapshot = await followed.newest();
  const { records, revision, hole } = await followed.read(snapshot);
  expect(log.bases).toEqual(['no-snapshot']);
  expect([snapshot.revision, revision, hole]).toEqual(['2', 2 + 3 * 61, undefined]);
  expectChain(records, 3, revision);
  expect(contentOf(records).toSorted()).toEqual(
    NAMES.flatMap((name) =>
      Array.from({ length: 60 }, (_, index) => `/registry/pods/default/${name}=${index + 1}`),
    ).toSorted(),
  );
  const files = readdirSync(followed.log().directory).filter((name) => name.endsWith('.log'));
  expect(files.map((name) => statSync(join(followed.log().directory, name)).mode & 0o777)).toEqual([0o600]);
  await log.stop();
});

test('it goes on where it was, also over a record that was cut', async () => {
  await followed.start('s4');
  const first = followed.follow();
  await first.until(({ isRed }) => !isRed);
  await gateway('s4').write([put('a', '1')]);
  await first.flush(signal);
  await first.stop();
  const [name = ''] = readdirSync(followed.log().directory).filter((each) => each.endsWith('.log'));
  appendFileSync(join(followed.log().directory, name), Buffer.from([0, 0, 0, 40, 1, 2, 3, 4, 5]));
  await gateway('s4').write([put('b', '2')]);
  const second = followed.follow();
  await second.until(({ isRed }) => !isRed);
  await gateway('s4').write([{ kind: 'delete', key: 'a' }]);
  await second.flush(signal);
  const { records, revision } = await followed.read(await followed.newest());
  expect([second.bases, contentOf(records)]).toEqual([[], ['a=1', 'b=2', '-a']]);
  expectChain(records, 2, revision);
  await second.stop();
});

test('what it missed is compacted: a new snapshot, and the log goes on from there', async () => {
  await followed.start('s4');
  const first = followed.follow();
  await first.until(({ isRed }) => !isRed);
  await first.stop();
  const old = await followed.newest();
  for (const value of ['1', '2', '3', '4']) await gateway('s4').write([put('a', value)]);
  const writer = etcdWriter(etcd.member('s4').grpc);
  await writer.compact(4);
  writer.close();
  const second = followed.follow();
  await second.until(({ isRed }) => !isRed);
  await gateway('s4').write([put('a', '5')]);
  await second.flush(signal);
  expect(second.bases).toEqual(['etcd-watch-compacted']);
  const { records } = await followed.read(await followed.newest());
  expect(contentOf(records)).toEqual(['a=5']);
  expect((await followed.read(old)).hole).toEqual({ after: 1, next: 6 });
  await second.stop();
});

test('where its member dies another is followed, and nothing is missing', async () => {
  await followed.start(...NAMES);
  const log = followed.follow();
  const { node = '' } = await log.until(({ isRed }) => !isRed);
  const [other = ''] = NAMES.filter((name) => name !== node);
  const written: string[] = [];
  const write = async (count: number): Promise<void> => {
    await gateway(other).write([put('counter', String(count))], { timeoutMs: 20_000 });
    written.push(`counter=${count}`);
  };
  for (let count = 0; count < 20; count++) await write(count);
  await etcd.member(node).kill();
  const moved = log.until((state) => state.node !== undefined && state.node !== node && !state.isRed);
  while (
    (await Promise.race([
      moved,
      gateway(other)
        .linearizableRead()
        .catch(() => undefined),
    ])) === undefined
  );
  await moved;
  for (let count = 20; count < 40; count++) await write(count);
  await log.flush(signal);
  const { records, revision } = await followed.read(await followed.newest());
  expectChain(records, 2, revision);
  expect(contentOf(records)).toEqual(written);
  expect(log.bases).toEqual(['no-snapshot']);
  await log.stop();
});

test('a member that stands still is left for another one', async () => {
  await followed.start(...NAMES);
  const log = followed.follow();
  const { node = '' } = await log.until(({ isRed }) => !isRed);
  const pid = etcd.member(node).pid();
  process.kill(pid, 'SIGSTOP');
  try {
    await log.until(({ isRed }) => isRed);
    const moved = await log.until((state) => state.node !== undefined && state.node !== node && !state.isRed);
    expect([moved.problem, log.bases]).toEqual([undefined, ['no-snapshot']]);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await log.stop();
});

test('a lease ends what has it: its keys are gone in the log', async () => {
  await followed.start('s4');
  await gateway('s4').write([put('leased', 'before')]);
  const log = followed.follow();
  await log.until(({ isRed }) => !isRed);
  const writer = etcdWriter(etcd.member('s4').grpc);
  await writer.putLeased('leased', 'after', await writer.grant(600));
  writer.close();
  await log.flush(signal);
  expect(contentOf((await followed.read(await followed.newest())).records)).toEqual(['-leased']);
  await log.stop();
});

test('an etcd that is not that of the snapshots is not followed, and none is taken of it', async () => {
  await followed.start('s4');
  const snapshot = await followed.take();
  await writeSidecar(followed.snapshots(), { ...snapshot, etcdClusterId: '17' });
  const log = followed.follow();
  const { isRed } = await log.until(({ problem }) => problem?.code === 'etcd-watch-foreign');
  expect([isRed, log.bases]).toEqual([true, []]);
  await expect(log.flush(signal)).rejects.toMatchObject({ code: 'log-of-another' });
  await log.stop();
});

test('only one follows', async () => {
  await followed.start('s4');
  const log = followed.follow();
  await log.until(({ isRed }) => !isRed);
  await expect(followed.follow().ended).rejects.toMatchObject({ code: 'locked', exit: 5 });
  await log.stop();
  await expect(log.flush(signal)).rejects.toBeDefined();
});
