import { expect, test } from 'vitest';
import { pickLivingContext } from '../../src/kube/living-context.js';
import { answer, stall, startFakeApiServer } from '../helpers/fake-apiserver.js';
import { freePort } from '../helpers/free-port.js';
import { useFakeCluster } from './setup.js';

const cluster = useFakeCluster();
const { signal } = new AbortController();
const endpoint = (node: string, port: number) => ({ context: `${node}@lab`, node, host: '127.0.0.1', port });

test('picks one that is ready among dead, hanging and starting ones', async () => {
  const hanging = await startFakeApiServer(cluster.serverTls);
  const starting = await startFakeApiServer(cluster.serverTls);
  hanging.on('GET', '/readyz', stall);
  starting.on('GET', '/readyz', answer(500, 'not yet'));
  cluster.server.on('GET', '/readyz', answer(200, 'ok'));
  const endpoints = [
    endpoint('s4', await freePort()),
    endpoint('s5', hanging.port),
    endpoint('s6', starting.port),
    endpoint('s7', cluster.server.port),
  ];
  expect(await pickLivingContext({ endpoints, tls: cluster.admin, signal })).toBe('s7@lab');
  await hanging.close();
  await starting.close();
});

test('says what each of them answered when none is ready', async () => {
  cluster.server.on('GET', '/readyz', answer(500, 'not yet'));
  const closed = await freePort();
  const endpoints = [endpoint('s4', closed), endpoint('s5', cluster.server.port)];
  await expect(pickLivingContext({ endpoints, tls: cluster.admin, signal })).rejects.toMatchObject({
    code: 'kube-unreachable',
    message: `no control plane answers: tried 127.0.0.1:${closed}, 127.0.0.1:${cluster.server.port}`,
    detail: expect.stringMatching(/s4 cannot be reached: .*ECONNREFUSED.*\n.*s5 answers \/readyz with HTTP 500/),
    hint: expect.stringContaining('k8s-diskless up'),
  });
});

test('the signal ends the search', async () => {
  cluster.server.on('GET', '/readyz', stall);
  const controller = new AbortController();
  const reason = new Error('interrupted');
  const endpoints = [endpoint('s4', cluster.server.port)];
  const search = pickLivingContext({ endpoints, tls: cluster.admin, signal: controller.signal });
  controller.abort(reason);
  await expect(search).rejects.toBe(reason);
});
