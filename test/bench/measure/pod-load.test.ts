import type { ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { KIND, NAMESPACE } from '../../../src/bench/measure/manifests.js';
import { type PodLoadOptions, runPodLoad } from '../../../src/bench/measure/pod-load.js';
import { PODS, PodObserver } from '../../../src/bench/measure/pod-observer.js';
import { startRunClock } from '../../../src/bench/measure/run-clock.js';
import type { PodSample } from '../../../src/bench/record/pods-schema.js';
import { STAGES } from '../../../src/bench/record/terms.js';
import { answer, cut, type Handler, refuse } from '../../helpers/fake-apiserver.js';
import { useFakeCluster } from '../../kube/setup.js';

const cluster = useFakeCluster();

const RUNNING = { containerStatuses: [{ name: 'pause', state: { running: {} } }] };
const READY = {
  ...RUNNING,
  conditions: ['PodReadyToStartContainers', 'Ready'].map((type) => ({ type, status: 'True' })),
};
const NO_IMAGE = { containerStatuses: [{ name: 'pause', state: { waiting: { reason: 'ErrImageNeverPull' } } }] };

type Fate = (name: string, tell: (state: object) => void, gone: () => void) => object[] | Handler;

/** A cluster in which a pod goes through these states, each an event of the watch, as soon as it is created. */
function becoming(fate: Fate): void {
  let stream: ServerResponse | undefined;
  let version = 100;
  const tell = (type: string, name: string, rest: object): void => {
    const metadata = { name, namespace: NAMESPACE, labels: { [KIND]: 'timed' }, resourceVersion: `${++version}` };
    stream?.write(`${JSON.stringify({ type, object: { metadata, spec: {}, ...rest } })}\n`);
  };
  cluster.server.on('GET', PODS, (exchange) => {
    if (!exchange.request.query.has('watch'))
      return answer(200, { metadata: { resourceVersion: '100' }, items: [] })(exchange);
    stream = exchange.response;
    exchange.response.writeHead(200).flushHeaders();
  });
  cluster.server.on('POST', PODS, (exchange) => {
    const { name } = JSON.parse(exchange.request.body).metadata as { name: string };
    const gone = (): void => tell('DELETED', name, { spec: {} });
    cluster.server.on('DELETE', `${PODS}/${name}`, (deletion) => {
      answer(200, { kind: 'Status' })(deletion);
      gone();
    });
    const states = fate(name, (state) => tell('MODIFIED', name, { spec: { nodeName: 's5' }, ...state }), gone);
    if (typeof states === 'function') return states(exchange);
    answer(201, JSON.parse(exchange.request.body))(exchange);
    tell('ADDED', name, {});
    for (const state of states) tell('MODIFIED', name, { spec: { nodeName: 's5' }, ...state });
  });
}

/** Of each deletion; null is that of the pod. */
const gracePeriods = () =>
  cluster.server.requests
    .filter(({ method }) => method === 'DELETE')
    .map(({ query }) => query.get('gracePeriodSeconds'));

/** How many deletions there had been when the lag of the operator was no longer asked for. */
let deletedWhileTimed: number | undefined;
const lag: PodLoadOptions['lag'] = {
  during: async (work) => {
    const result = await work();
    deletedWhileTimed = gracePeriods().length;
    return result;
  },
};

async function load(count: number, timeoutMs: number, perSecond = 1000): Promise<PodSample[]> {
  const { client } = cluster;
  const { signal } = new AbortController();
  const clock = startRunClock();
  const observer = new PodObserver({ client, clock, signal });
  onTestFinished(() => observer.close());
  await expect.poll(() => cluster.server.requests.some(({ query }) => query.has('watch'))).toBe(true);
  const samples: PodSample[] = [];
  await runPodLoad(
    {
      client,
      observer,
      clock,
      lag,
      signal,
      timeoutMs,
      samples,
      image: 'pause:3.6',
      tolerate: false,
      limitsCpu: false,
    },
    { round: 1, load: 'paced', nodes: Array.from({ length: count }, () => null), perSecond },
  );
  return samples;
}

test('every stage has the moment its event arrived, in order, and pods are removed', async () => {
  becoming(() => [{}, { status: RUNNING }, { status: READY }]);
  const samples = await load(3, 10_000);
  expect(samples).toHaveLength(3);
  for (const { at, intended, node, failure } of samples) {
    const times = STAGES.filter((stage) => stage !== 'accepted').map((stage) => at[stage] ?? Number.NaN);
    expect(times.toSorted((a, b) => a - b)).toEqual(times);
    expect(times[0]).toBeGreaterThanOrEqual(intended);
    expect({ node, failure }).toEqual({ node: 's5', failure: null });
  }
  expect(gracePeriods()).toEqual(Array(3).fill(null));
  expect(deletedWhileTimed).toBe(0);
});

test('one whose containers have ended is waited for until the API has it no longer, and never forced out', async () => {
  const ended = { containerStatuses: [{ name: 'pause', state: { terminated: { reason: 'Completed' } } }] };
  const metadata = { deletionTimestamp: '2026-01-01T00:00:00Z', namespace: NAMESPACE };
  becoming((name, tell, gone) => {
    // Takes the place of the deletion that is told at once.
    setImmediate(() =>
      cluster.server.on('DELETE', `${PODS}/${name}`, (exchange) => {
        answer(200, { kind: 'Pod' })(exchange);
        tell({ status: ended, metadata: { ...metadata, name } });
        setImmediate(gone);
      }),
    );
    return [{ status: READY }];
  });
  await load(2, 10_000);
  expect(gracePeriods()).toEqual([null, null]);
});

test('a pod that never starts stays in the record, with the reason and its stages open', async () => {
  becoming((name) => (name.endsWith('-1') ? [{ status: NO_IMAGE }] : [{ status: READY }]));
  const [first, never] = await load(2, 2_000);
  expect(first?.at.ready).not.toBeNull();
  expect(never).toMatchObject({ failure: 'ErrImageNeverPull', at: { running: null, ready: null } });
  expect(never?.at.scheduled).not.toBeNull();
});

test('what comes after the time is up comes too late, while others are still waited for', async () => {
  let tellFirst: (state: object) => void = () => undefined;
  becoming((name, tell) => {
    if (name.endsWith('-0')) tellFirst = tell;
    // The second one is sent when the first one's time is up.
    else tellFirst({ status: READY });
    return [];
  });
  const [first] = await load(2, 1_000, 0.5);
  expect(first).toMatchObject({ at: { ready: null, running: null }, failure: 'it was not Ready within 1 s' });
});

test('one whose acceptance got lost is followed, and removed', async () => {
  becoming((_, tell) => (exchange) => {
    tell({ status: READY });
    cut(exchange);
  });
  const [pod] = await load(1, 10_000);
  expect(pod?.at).toMatchObject({ accepted: null, ready: expect.any(Number) });
  expect(gracePeriods()).toEqual([null]);
});

test('one that the API refuses was never accepted', async () => {
  becoming(() => refuse(403, 'Forbidden', 'exceeded quota: pods'));
  const [refused] = await load(1, 10_000);
  expect(refused?.failure).toContain('exceeded quota: pods');
  expect(refused?.at).toMatchObject({ accepted: null, added: null });
  expect(refused?.at.sent).not.toBeNull();
});
