import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { PODS, PodObserver } from '../../../src/bench/measure/pod-observer.js';
import { startRunClock } from '../../../src/bench/measure/run-clock.js';
import type { PodSample } from '../../../src/bench/record/pods-schema.js';
import { STAGES } from '../../../src/bench/record/terms.js';
import { answer } from '../../helpers/fake-apiserver.js';
import { useFakeCluster } from '../../kube/setup.js';

/*
 * The watch of two timed pods as kube-apiserver 1.20.2 sent it on the lab: one that starts, one whose image is not
 * there; both deleted at last. Only managedFields were taken out.
 */

const cluster = useFakeCluster();
const recorded = readFileSync(new URL('../fixtures/watch/pods-1.20.2.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n');

function sample(name: string): PodSample {
  const at = Object.fromEntries(STAGES.map((stage) => [stage, null])) as PodSample['at'];
  return { name, round: 1, load: 'paced', node: null, intended: 0, at, observedUntil: 0, failure: null };
}

test('every stage is found in what a real API server tells, in the order of its events', async () => {
  let send: (line: string) => void = () => undefined;
  cluster.server.on('GET', PODS, (exchange) => {
    if (!exchange.request.query.has('watch'))
      return answer(200, { metadata: { resourceVersion: '1' }, items: [] })(exchange);
    exchange.response.writeHead(200).flushHeaders();
    send = (line) => void exchange.response.write(`${line}\n`);
  });
  const clock = startRunClock();
  const { signal } = new AbortController();
  const observer = new PodObserver({ client: cluster.client, clock, signal });
  onTestFinished(() => observer.close());
  await expect.poll(() => cluster.server.requests.some(({ query }) => query.has('watch'))).toBe(true);
  const [starts, never] = [sample('paced-1-0'), sample('paced-1-1')];
  for (const each of [starts, never]) observer.follow(each);
  const left = [starts, never].map(({ name }) => observer.left(name, 10_000));
  for (const line of recorded) send(line);
  await Promise.all(left);

  const { added, scheduled, running, ready } = starts.at;
  expect([added, scheduled, running, ready].map((moment) => typeof moment)).toEqual(Array(4).fill('number'));
  expect([added, scheduled, running]).toEqual([added, scheduled, running].toSorted((a, b) => Number(a) - Number(b)));
  // The kubelet of 1.20 tells of both in one update.
  expect(ready).toBe(running);
  expect(starts).toMatchObject({ node: 's4', failure: null });
  expect(never).toMatchObject({ node: 's4', failure: expect.stringContaining('ErrImageNeverPull') });
  expect(never.at).toMatchObject({ added: expect.any(Number), running: null, ready: null });
});
