import { expect, test } from 'vitest';
import { apiLatencyMs } from '../../../src/bench/analysis/requests.js';
import { runApiLoad } from '../../../src/bench/measure/api-load.js';
import { startRunClock } from '../../../src/bench/measure/run-clock.js';
import type { ApiSample } from '../../../src/bench/record/requests-schema.js';
import { answer, cut, type Handler, refuse } from '../../helpers/fake-apiserver.js';
import { useFakeCluster } from '../../kube/setup.js';

const cluster = useFakeCluster();

const CONFIG_MAPS = '/api/v1/namespaces/k8s-diskless-bench/configmaps';

async function load(requests: ('readyz' | 'get')[], seconds: number): Promise<ApiSample[]> {
  const { client } = cluster;
  const samples: ApiSample[] = [];
  cluster.server.on('DELETE', CONFIG_MAPS, answer(200, { kind: 'Status' }));
  await runApiLoad({
    samples,
    client,
    target: 's4',
    round: 1,
    clock: startRunClock(),
    signal: new AbortController().signal,
    api: { requests, rate: 100, seconds },
  });
  return samples;
}

test('a server that stalls delays no request after it, and its latency is in each of them', async () => {
  const waiting: (() => void)[] = [];
  const stallingThree: Handler = (exchange) => {
    waiting.push(() => answer(200, 'ok')(exchange));
    if (waiting.length === 3) for (const release of waiting) release();
  };
  cluster.server.on('GET', '/readyz', stallingThree);
  const samples = await load(['readyz'], 0.03);
  expect(samples.map(({ status }) => status)).toEqual([200, 200, 200]);
  const lastSent = Math.max(...samples.map(({ sent }) => sent));
  for (const { done } of samples) expect(done).toBeGreaterThan(lastSent);
});

test('what is never answered says why, and stays', async () => {
  cluster.server.on('GET', '/readyz', cut);
  const [lost] = await load(['readyz'], 0.01);
  expect(lost).toMatchObject({ done: null, status: null, failure: expect.stringContaining('broke off') });
});

test('a refusal is no answer, however fast it comes', async () => {
  cluster.server.on('GET', '/readyz', refuse(429, 'TooManyRequests'));
  const [refused] = await load(['readyz'], 0.01);
  expect(refused).toMatchObject({ status: 429, failure: 'HTTP 429' });
  expect(refused && apiLatencyMs(refused)).toBe(Number.POSITIVE_INFINITY);
});

test('what it made is gone afterwards, so that each round lists as many', async () => {
  cluster.server.on('GET', '/readyz', answer(200, 'ok'));
  await load(['readyz'], 0.01);
  const last = cluster.server.requests.at(-1);
  expect(`${last?.method} ${last?.path} ${last?.query.get('labelSelector')}`).toBe(
    `DELETE ${CONFIG_MAPS} k8s-diskless/bench=api`,
  );
});
