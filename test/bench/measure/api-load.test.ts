import { expect, test } from 'vitest';
import { runApiLoad } from '../../../src/bench/measure/api-load.js';
import { startRunClock } from '../../../src/bench/measure/run-clock.js';
import type { ApiSample } from '../../../src/bench/record/requests-schema.js';
import { answer, cut, type Handler } from '../../helpers/fake-apiserver.js';
import { useFakeCluster } from '../../kube/setup.js';

const cluster = useFakeCluster();

async function load(requests: ('readyz' | 'get')[], seconds: number): Promise<ApiSample[]> {
  const { client } = cluster;
  const samples: ApiSample[] = [];
  await runApiLoad({
    samples,
    ...{ client, target: 's4', round: 1, clock: startRunClock(), signal: new AbortController().signal },
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
