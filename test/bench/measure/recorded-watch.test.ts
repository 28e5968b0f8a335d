import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { PODS, PodObserver } from '../../../src/bench/measure/pod-observer.js';
import { startRunClock } from '../../../src/bench/measure/run-clock.js';
import type { PodSample } from '../../../src/bench/record/pods-schema.js';
import { STAGES } from '../../../src/bench/record/terms.js';
import { answer } from '../../helpers/fake-apiserver.js';
import { useFakeCluster } from '../../kube/setup.js';

/*
 * The watch of two timed pods as kube-apiserver 1.37.2 sent it on the lab: one that starts, one whose image is not
 * there; both deleted at last. Only managedFields were taken out.
 */

const cluster = useFakeCluster();
const recorded = readFileSync(new URL('../fixtures/watch/pods-1.37.2.jsonl', import.meta.url), 'utf8')
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
  const deletion = recorded.findIndex((line) => line.includes('"deletionTimestamp"'));
  for (const line of recorded.slice(0, deletion)) send(line);
  await expect.poll(() => never.failure).toContain('ErrImageNeverPull');
  // As a run does before it removes them.
  for (const each of [starts, never]) observer.conclude(each);
  for (const line of recorded.slice(deletion)) send(line);
  expect(await Promise.all(left)).toEqual([true, true]);

  const { added, scheduled, sandboxReady, running, ready } = starts.at;
  const inOrder = [added, scheduled, sandboxReady, running];
  expect(inOrder.map((moment) => typeof moment)).toEqual(Array(4).fill('number'));
  expect(inOrder).toEqual(inOrder.toSorted((a, b) => Number(a) - Number(b)));
  // The kubelet tells of both in one update.
  expect(ready).toBe(running);
  expect(starts).toMatchObject({ node: 'x1', failure: null });
  expect(never).toMatchObject({ node: 'x1', failure: expect.stringContaining('ErrImageNeverPull') });
  expect(never.at).toMatchObject({ sandboxReady: expect.any(Number), running: null, ready: null });
});
