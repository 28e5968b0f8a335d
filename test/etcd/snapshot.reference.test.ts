import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { snapshotOf } from '../../src/etcd/snapshot.js';
import { useEtcd } from './use-etcd.js';

/* Against the real etcd: what provoked breaks look like is in snapshot.test.ts. */

const etcd = useEtcd();

const { signal } = new AbortController();

async function received(name: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of snapshotOf({ server: etcd.member(name).grpc, signal })) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

test('a database comes whole, with its hash at the end', async () => {
  await etcd.startMembers('s4');
  const whole = await received('s4');
  expect(whole.length % 512).toBe(32);
  expect(createHash('sha256').update(whole.subarray(0, -32)).digest()).toEqual(whole.subarray(-32));
  const { dbSizeBytes } = await etcd.member('s4').gateway.status();
  expect(whole.length).toBe(dbSizeBytes + 32);
});

test('a member without a quorum gives its own', async () => {
  await etcd.startMembers('s4', 's5', 's6');
  await etcd.member('s5').kill();
  await etcd.member('s6').kill();
  const whole = await received('s4');
  expect(createHash('sha256').update(whole.subarray(0, -32)).digest()).toEqual(whole.subarray(-32));
});

test('a member that is gone is unreachable', async () => {
  await etcd.startMembers('s4');
  await etcd.member('s4').kill();
  await expect(received('s4')).rejects.toMatchObject({ code: 'etcd-unreachable', host: 's4' });
});
