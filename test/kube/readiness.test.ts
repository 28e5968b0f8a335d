import { expect, test } from 'vitest';
import { createKubeClient } from '../../src/kube/client.js';
import { waitReadyz } from '../../src/kube/readiness.js';
import { answer } from '../helpers/fake-apiserver.js';
import { useFakeCluster } from './setup.js';

const cluster = useFakeCluster();
const { signal } = new AbortController();
const LIMIT = { signal, timeoutMs: 60_000 };
const STARTING =
  '[+]ping ok\n[+]etcd ok\n[-]poststarthook/rbac/bootstrap-roles failed: reason withheld\nreadyz check failed\n';

/** A clock that only moves while somebody sleeps. */
function fakeTime(): { now: () => number; sleep: (ms: number) => Promise<void>; slept: number[] } {
  const slept: number[] = [];
  return {
    slept,
    now: () => slept.reduce((sum, ms) => sum + ms, 0),
    sleep: async (ms) => void slept.push(ms),
  };
}

test('is through at the first yes', async () => {
  cluster.server.on('GET', '/readyz', answer(200, 'ok'));
  const { sleep, now, slept } = fakeTime();
  await waitReadyz({ ...LIMIT, client: cluster.client, sleep, now });
  expect(slept).toEqual([]);
});

test('asks again in short steps that grow to a quarter of a second', async () => {
  const notYet = answer(500, STARTING);
  cluster.server.on('GET', '/readyz', ...Array.from({ length: 9 }, () => notYet), answer(200, 'ok'));
  const { sleep, now, slept } = fakeTime();
  await waitReadyz({ ...LIMIT, client: cluster.client, sleep, now });
  expect(slept.map(Math.round)).toEqual([50, 65, 85, 110, 143, 186, 241, 250, 250]);
});

test('a closed port is asked again', async () => {
  let open = 0;
  const client = createKubeClient({
    node: 's4',
    serverName: '127.0.0.1',
    tls: cluster.admin,
    connect: (given) => {
      open += 1;
      return open < 4 ? Promise.reject(new Error('refused')) : cluster.server.open(given);
    },
  });
  cluster.server.on('GET', '/readyz', answer(200, 'ok'));
  const { sleep, now } = fakeTime();
  await waitReadyz({ ...LIMIT, client, sleep, now });
  expect(open).toBe(4);
  client.close();
});

test('when time is up it says which checks failed', async () => {
  cluster.server.on('GET', '/readyz', answer(500, STARTING));
  const { sleep, now } = fakeTime();
  const wait = waitReadyz({ ...LIMIT, client: cluster.client, timeoutMs: 1000, sleep, now });
  await expect(wait).rejects.toMatchObject({
    code: 'kube-not-serving',
    host: 's4',
    message: 'kube-apiserver of s4 did not pass /readyz within 1 s',
    detail: 'HTTP 500\n[-]poststarthook/rbac/bootstrap-roles failed: reason withheld\nreadyz check failed',
  });
});

test('a foreign certificate is not waited for', async () => {
  const { sleep, now, slept } = fakeTime();
  const elsewhere = createKubeClient({
    node: 's4',
    connect: cluster.server.open,
    serverName: '10.9.9.9',
    tls: cluster.admin,
  });
  const wait = waitReadyz({ ...LIMIT, client: elsewhere, sleep, now });
  await expect(wait).rejects.toMatchObject({ code: 'kube-certificate' });
  expect(slept).toEqual([]);
});

test('the signal ends the wait', async () => {
  cluster.server.on('GET', '/readyz', answer(500, STARTING));
  const controller = new AbortController();
  const reason = new Error('interrupted');
  const sleep = async (): Promise<void> => controller.abort(reason);
  const wait = waitReadyz({ ...LIMIT, client: cluster.client, signal: controller.signal, sleep });
  await expect(wait).rejects.toBe(reason);
});
