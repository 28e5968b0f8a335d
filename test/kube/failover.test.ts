import { afterEach, beforeEach, expect, test } from 'vitest';
import { DisklessError } from '../../src/errors.js';
import { createKubeClient, type KubeClient } from '../../src/kube/client.js';
import { failover } from '../../src/kube/failover.js';
import { answer, cut, type FakeApiServer, refuse, stall, startFakeApiServer } from '../helpers/fake-apiserver.js';
import { useFakeCluster } from './setup.js';

const cluster = useFakeCluster();
const NODE = { apiVersion: 'v1', kind: 'Node', metadata: { name: 's4' } };
const PATH = '/api/v1/nodes/s4';
let other: FakeApiServer;
let client: KubeClient;

beforeEach(async () => {
  other = await startFakeApiServer(cluster.serverTls);
  for (const server of [cluster.server, other]) {
    server
      .on('GET', '/livez', answer(200, 'ok'))
      .on('GET', PATH, answer(200, NODE))
      .on('POST', PATH, answer(201, NODE));
  }
  client = failover([cluster.client, other.client(cluster.admin, 's5')]);
});
afterEach(async () => {
  client.close();
  await other.close();
});

const asked = (server: FakeApiServer): number => server.requests.filter(({ path }) => path === PATH).length;

/** Makes the first server the chosen one by silencing the other's probe. */
async function settleOnFirst(): Promise<void> {
  other.on('GET', '/livez', stall);
  await client.get(PATH);
  other.on('GET', '/livez', answer(200, 'ok'));
  expect([asked(cluster.server), asked(other)]).toEqual([1, 0]);
}

test('one control plane needs no detour', () => {
  expect(failover([cluster.client])).toBe(cluster.client);
});

test('takes the first that lives and stays with it', async () => {
  // One that still starts and one that lives answer in the same moment.
  let refuseFirst = (): void => undefined;
  const askedFirst = new Promise<void>((resolve) => {
    cluster.server.on('GET', '/livez', (exchange) => {
      refuseFirst = () => void refuse(500, 'InternalError')(exchange);
      resolve();
    });
  });
  other.on('GET', '/livez', async (exchange) => {
    await askedFirst;
    refuseFirst();
    answer(200, 'ok')(exchange);
  });
  await client.get(PATH);
  await client.get(PATH);
  expect([asked(cluster.server), asked(other)]).toEqual([0, 2]);
});

test('takes one that answers at all when none says it lives', async () => {
  cluster.server.on('GET', '/livez', cut);
  other.on('GET', '/livez', answer(500, 'starting'));
  await client.get(PATH);
  expect(asked(other)).toBe(1);
});

test('switches when the chosen one is lost, and repeats what may be repeated', async () => {
  await settleOnFirst();
  await cluster.server.close();
  expect(await client.get(PATH)).toEqual(NODE);
  expect(asked(other)).toBe(1);
});

test('a POST whose answer was lost is not sent to another one', async () => {
  await settleOnFirst();
  cluster.server.on('POST', PATH, cut);
  await expect(client.create(PATH, NODE)).rejects.toMatchObject({ code: 'kube-connection-lost' });
  expect(asked(other)).toBe(0);
  cluster.server.on('GET', '/livez', stall);
  await client.create(PATH, NODE);
  expect(asked(other)).toBe(1);
});

test.each([
  ['cannot be reached', new Error('no route')],
  ['rebooted', new DisklessError({ code: 'rebooted', host: 's4', message: 'it was rebooted' })],
])('a POST that never left, since the machine %s, is sent to another one', async (_why, reason) => {
  let lost = false;
  const first = createKubeClient({
    node: 's4',
    serverName: '127.0.0.1',
    tls: cluster.admin,
    connect: (signal) => (lost ? Promise.reject(reason) : cluster.server.open(signal)),
  });
  client = failover([first, other.client(cluster.admin, 's5')]);
  const noReuse = { connection: 'close' };
  cluster.server.on('GET', '/livez', answer(200, 'ok', noReuse)).on('GET', PATH, answer(200, NODE, noReuse));
  await settleOnFirst();
  lost = true;
  expect(await client.create(PATH, NODE)).toEqual(NODE);
  expect(asked(other)).toBe(1);
});

test('refusals are answers: no switch', async () => {
  await settleOnFirst();
  cluster.server.on('GET', PATH, refuse(403, 'Forbidden'));
  await expect(client.get(PATH)).rejects.toMatchObject({ code: 'kube-forbidden', host: undefined });
  expect(asked(other)).toBe(0);
});

test('when all are gone it says what each of them answered, and recovers later', async () => {
  cluster.server.on('GET', '/livez', cut, answer(200, 'ok'));
  other.on('GET', '/livez', cut);
  await expect(client.get(PATH)).rejects.toMatchObject({
    code: 'kube-unreachable',
    message: 'none of the 2 control planes answers',
    detail: expect.stringMatching(/kube-apiserver of s4 broke off.*\n.*kube-apiserver of s5 broke off/),
  });
  expect(await client.get(PATH)).toEqual(NODE);
});

test('an interrupted request leaves the choice to the others', async () => {
  cluster.server.on('GET', '/livez', stall);
  other.on('GET', '/livez', stall);
  const controller = new AbortController();
  const reason = new Error('interrupted');
  const pending = client.get(PATH, { signal: controller.signal });
  controller.abort(reason);
  await expect(pending).rejects.toBe(reason);
});
