import { expect, test } from 'vitest';
import { DisklessError } from '../../src/errors.js';
import { createKubeClient } from '../../src/kube/client.js';
import { answer, cut, refuse, stall } from '../helpers/fake-apiserver.js';
import { createTestPki } from '../helpers/test-pki.js';
import { useFakeCluster } from './setup.js';

const NODE = { apiVersion: 'v1', kind: 'Node', metadata: { name: 's4' } };
const cluster = useFakeCluster();

test('reads an object over a stream that is not a socket', async () => {
  cluster.server.on('GET', '/api/v1/nodes/s4', answer(200, NODE));
  expect(await cluster.client.get('/api/v1/nodes/s4')).toEqual(NODE);
});

test('sends queries, patch types and the field manager', async () => {
  cluster.server.on('PATCH', '/api/v1/nodes/s4', answer(200, NODE)).on('POST', '/api/v1/nodes', answer(201, NODE));
  await cluster.client.create('/api/v1/nodes', NODE);
  for (const type of ['strategic', 'merge', 'json', 'apply'] as const) {
    await cluster.client.patch('/api/v1/nodes/s4', { type, body: { é: 1 }, force: true, query: { dryRun: 'All' } });
  }
  expect(
    cluster.server.requests.map(({ method, query, headers, body }) => [
      method,
      headers['content-type'],
      `${query}`,
      body,
    ]),
  ).toEqual([
    ['POST', 'application/json', 'fieldManager=k8s-diskless', JSON.stringify(NODE)],
    ['PATCH', 'application/strategic-merge-patch+json', 'fieldManager=k8s-diskless&dryRun=All', '{"é":1}'],
    ['PATCH', 'application/merge-patch+json', 'fieldManager=k8s-diskless&dryRun=All', '{"é":1}'],
    ['PATCH', 'application/json-patch+json', 'fieldManager=k8s-diskless&dryRun=All', '{"é":1}'],
    ['PATCH', 'application/apply-patch+yaml', 'fieldManager=k8s-diskless&force=true&dryRun=All', '{"é":1}'],
  ]);
});

test('keeps its connection for the next request, and opens no more than it may', async () => {
  cluster.server.on('GET', '/api/v1/nodes/s4', answer(200, NODE));
  await cluster.client.get('/api/v1/nodes/s4');
  await cluster.client.get('/api/v1/nodes/s4');
  expect(cluster.server.connections()).toBe(1);
  await Promise.all(Array.from({ length: 20 }, () => cluster.client.get('/api/v1/nodes/s4')));
  expect(cluster.server.connections()).toBe(4);
});

test.each([
  [409, 'Conflict', 'kube-conflict'],
  [409, 'AlreadyExists', 'kube-already-exists'],
  [404, 'NotFound', 'kube-not-found'],
  [403, 'Forbidden', 'kube-forbidden'],
  [401, 'Unauthorized', 'kube-unauthorized'],
  [422, 'Invalid', 'kube-invalid'],
  [410, 'Expired', 'kube-gone'],
  [429, 'TooManyRequests', 'kube-busy'],
  [500, 'InternalError', 'kube-internal'],
  [418, 'SomethingNew', 'kube-failed'],
])('a Status of %i %s is %s', async (status, reason, code) => {
  cluster.server.on('GET', '/api/v1/nodes/s4', refuse(status, reason, 'because'));
  await expect(cluster.client.get('/api/v1/nodes/s4')).rejects.toMatchObject({
    code,
    host: 's4',
    message: 'kube-apiserver of s4 refused GET /api/v1/nodes/s4: because',
  });
});

test('a refusal that is no Status is told apart by its HTTP status', async () => {
  cluster.server.on('GET', '/readyz', answer(503, 'shutting down'));
  await expect(cluster.client.get('/readyz')).rejects.toMatchObject({ code: 'kube-unavailable' });
});

test.each([
  ['rebooted', 4],
  ['host-key-changed', 5],
] as const)('a machine that is %s is not asked again: its error comes as it is', async (code, exit) => {
  const final = new DisklessError({ code, host: 's4', message: code, exit });
  const connect = (): Promise<never> => Promise.reject(final);
  const gone = createKubeClient({ node: 's4', connect, serverName: '127.0.0.1', tls: cluster.admin });
  await expect(gone.get('/api/v1/nodes')).rejects.toBe(final);
  gone.close();
});

test('an apiserver that nobody can connect to is kube-unreachable', async () => {
  const connect = (): Promise<never> => Promise.reject(new Error('connect failed: port 6443'));
  const lost = createKubeClient({ node: 's4', connect, serverName: '127.0.0.1', tls: cluster.admin });
  await expect(lost.get('/api/v1/nodes')).rejects.toMatchObject({
    code: 'kube-unreachable',
    message: 'kube-apiserver of s4 cannot be reached: connect failed: port 6443',
  });
});

test('a certificate of another authority is refused, whatever is asked', async () => {
  const foreign = await (await createTestPki()).issue('x');
  const misled = cluster.server.client({ ...cluster.admin, ca: foreign.ca });
  await expect(misled.get('/api/v1/nodes')).rejects.toMatchObject({ code: 'kube-certificate' });
  expect(cluster.server.requests).toEqual([]);
});

test('a certificate without the server name is refused', async () => {
  const elsewhere = createKubeClient({
    node: 's4',
    connect: cluster.server.open,
    serverName: '10.0.0.4',
    tls: cluster.admin,
  });
  await expect(elsewhere.get('/api/v1/nodes')).rejects.toMatchObject({ code: 'kube-certificate' });
});

test('an answer that breaks off is kube-connection-lost', async () => {
  cluster.server.on('GET', '/api/v1/nodes/s4', ({ response }) => {
    response.writeHead(200, { 'content-length': '100' }).write('{', () => response.socket?.destroy());
  });
  await expect(cluster.client.get('/api/v1/nodes/s4')).rejects.toMatchObject({ code: 'kube-connection-lost' });
});

test('a stalled answer is kube-timeout, and its connection is not used again', async () => {
  cluster.server.on('GET', '/api/v1/nodes/s4', answer(200, NODE)).on('GET', '/stalled', stall);
  await cluster.client.get('/api/v1/nodes/s4');
  await expect(cluster.client.get('/stalled', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'kube-timeout' });
  expect(await cluster.client.get('/api/v1/nodes/s4')).toEqual(NODE);
  expect(cluster.server.connections()).toBe(2);
});

test('a connection that never opens is abandoned in time', async () => {
  const connect = (): Promise<never> => new Promise(() => undefined);
  const hanging = createKubeClient({ node: 's4', connect, serverName: '127.0.0.1', tls: cluster.admin });
  await expect(hanging.get('/api/v1/nodes', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'kube-timeout' });
  hanging.close();
});

test('the signal ends a pending request with its own reason', async () => {
  cluster.server.on('GET', '/api/v1/nodes/s4', stall);
  const controller = new AbortController();
  const pending = cluster.client.get('/api/v1/nodes/s4', { signal: controller.signal });
  const reason = new Error('interrupted');
  controller.abort(reason);
  await expect(pending).rejects.toBe(reason);
});

test('a kept connection that the server closed meanwhile is replaced without a word', async () => {
  cluster.server.on('GET', '/api/v1/nodes/s4', answer(200, NODE), cut, answer(200, NODE));
  await cluster.client.get('/api/v1/nodes/s4');
  expect(await cluster.client.get('/api/v1/nodes/s4')).toEqual(NODE);
});

test('a lost POST is not sent again', async () => {
  cluster.server.on('POST', '/api/v1/nodes', answer(201, NODE), cut, answer(201, NODE));
  await cluster.client.create('/api/v1/nodes', NODE);
  await expect(cluster.client.create('/api/v1/nodes', NODE)).rejects.toMatchObject({ code: 'kube-connection-lost' });
  expect(cluster.server.requests).toHaveLength(2);
});

test('closing fails what is pending and leaves nothing open', async () => {
  cluster.server.on('GET', '/api/v1/nodes/s4', stall);
  const pending = cluster.client.get('/api/v1/nodes/s4');
  const failed = expect(pending).rejects.toMatchObject({ code: 'kube-connection-lost' });
  while (cluster.server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
  cluster.client.close();
  await failed;
});
