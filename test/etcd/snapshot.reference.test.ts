import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { snapshotOf } from '../../src/etcd/snapshot.js';
import { createOpensslPki, type OpensslPki } from '../helpers/openssl-pki.js';
import { etcdBinary } from './etcd-binary.js';
import { createEtcdCluster, type EtcdCluster } from './etcd-cluster.js';

/* Against the real etcd: what provoked breaks look like is in snapshot.test.ts. */

let binary: string;
let pki: OpensslPki;
let cluster: EtcdCluster;

beforeAll(async () => {
  binary = await etcdBinary();
  pki = createOpensslPki();
});
afterEach(() => cluster.remove());
afterAll(() => pki.remove());

const { signal } = new AbortController();

async function received(name: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of snapshotOf({ server: cluster.member(name).grpc, signal })) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

test('a database comes whole, with its hash at the end', async () => {
  cluster = await createEtcdCluster({ binary, pki, names: ['s4'] });
  await cluster.start();
  const whole = await received('s4');
  expect(whole.length % 512).toBe(32);
  expect(createHash('sha256').update(whole.subarray(0, -32)).digest()).toEqual(whole.subarray(-32));
  const { dbSizeBytes } = await cluster.member('s4').gateway.status();
  expect(whole.length).toBe(dbSizeBytes + 32);
});

test('a member without a quorum gives its own', async () => {
  cluster = await createEtcdCluster({ binary, pki, names: ['s4', 's5', 's6'] });
  await cluster.start();
  await cluster.member('s5').kill();
  await cluster.member('s6').kill();
  const whole = await received('s4');
  expect(createHash('sha256').update(whole.subarray(0, -32)).digest()).toEqual(whole.subarray(-32));
});

test('a member that is gone is unreachable', async () => {
  cluster = await createEtcdCluster({ binary, pki, names: ['s4'] });
  await cluster.start();
  await cluster.member('s4').kill();
  await expect(received('s4')).rejects.toMatchObject({ code: 'etcd-unreachable', host: 's4' });
});
