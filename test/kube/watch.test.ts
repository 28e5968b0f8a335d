import { expect, onTestFinished, test } from 'vitest';
import type { KubeNode } from '../../src/kube/objects.js';
import { type WatchEvent, type WatchOptions, watch } from '../../src/kube/watch.js';
import { answer, cut, type Handler, refuse, stall, trickle } from '../helpers/fake-apiserver.js';
import { useFakeCluster } from './setup.js';

const PATH = '/api/v1/nodes';
const cluster = useFakeCluster();
/** No waiting, but everybody else gets a turn. */
const noSleep = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const node = (name: string, resourceVersion: string): object => ({
  metadata: { name, resourceVersion },
});
const list = (resourceVersion: string, ...names: string[]): Handler =>
  answer(200, { metadata: { resourceVersion }, items: names.map((name) => node(name, '1')) });
const line = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`;
const gone = line('ERROR', { kind: 'Status', reason: 'Expired', code: 410, message: 'too old resource version' });

/** Lists and streams share one path; the handlers are told apart by the query and used up in order. */
function script(lists: Handler[], streams: Handler[]): void {
  cluster.server.on('GET', PATH, (exchange) => {
    const queue = exchange.request.query.has('watch') ? streams : lists;
    return (queue.shift() ?? stall)(exchange);
  });
}

/** Takes events until there are enough, then leaves the loop. */
async function take(count: number, options: Partial<WatchOptions> = {}): Promise<WatchEvent<KubeNode>[]> {
  const events: WatchEvent<KubeNode>[] = [];
  const controller = new AbortController();
  // A test that fails must not leave a watch behind that tries for ever.
  onTestFinished(() => controller.abort());
  const { signal } = controller;
  const source = watch<KubeNode>({ client: cluster.client, path: PATH, signal, sleep: noSleep, ...options });
  for await (const event of source) {
    events.push(event);
    if (events.length === count) break;
  }
  return events;
}

const told = (event: WatchEvent<KubeNode>): string =>
  event.type === 'listed'
    ? `listed ${event.items.map((item) => item.metadata.name).join(' ')}`
    : `${event.type} ${event.object.metadata.name}`;

const watchedFrom = (): (string | null)[] =>
  cluster.server.requests.flatMap(({ query }) => (query.has('watch') ? [query.get('resourceVersion')] : []));

test('lists, then watches from the list', async () => {
  script(
    [list('100', 's4')],
    [
      trickle([
        line('ADDED', node('s5', '101')),
        line('MODIFIED', node('s4', '102')),
        line('DELETED', node('s5', '103')),
      ]),
    ],
  );
  const events = await take(4, { labelSelector: 'a=b', fieldSelector: 'c=d' });
  expect(events.map(told)).toEqual(['listed s4', 'added s5', 'modified s4', 'deleted s5']);
  expect(cluster.server.requests.map(({ query }) => `${query}`)).toEqual([
    'labelSelector=a%3Db&fieldSelector=c%3Dd',
    'labelSelector=a%3Db&fieldSelector=c%3Dd&watch=true&allowWatchBookmarks=true&timeoutSeconds=120&resourceVersion=100',
  ]);
});

test('puts events together that were cut anywhere, in the middle of a character too', async () => {
  const bytes = Buffer.from(line('ADDED', node('rötig-✓-𝄞', '101')) + line('ADDED', node('s6', '102')));
  const everyByte = [...bytes].map((_, at) => bytes.subarray(at, at + 1));
  script([list('100')], [trickle(everyByte)]);
  expect((await take(3)).map(told)).toEqual(['listed ', 'added rötig-✓-𝄞', 'added s6']);
});

test('takes several events from one chunk', async () => {
  const both = line('ADDED', node('s5', '101')) + line('ADDED', node('s6', '102'));
  script([list('100')], [trickle([both])]);
  const [, first, second] = await take(3);
  expect([first, second].map((event) => event && told(event))).toEqual(['added s5', 'added s6']);
  expect(second?.receivedNs).toBe(first?.receivedNs);
});

test('stamps what came later with a later time', async () => {
  script([list('100')], [trickle([line('ADDED', node('s5', '101')), line('ADDED', node('s6', '102'))])]);
  const began = process.hrtime.bigint();
  const stamps = (await take(3)).map((event) => event.receivedNs);
  expect(stamps.toSorted((a, b) => Number(a - b))).toEqual(stamps);
  expect(stamps[0]).toBeGreaterThan(began);
});

test('goes on from the last bookmark when a stream ends', async () => {
  const bookmark = line('BOOKMARK', { metadata: { resourceVersion: '250' } });
  script([list('100')], [trickle([bookmark], 'end'), trickle([line('ADDED', node('s5', '251'))])]);
  expect((await take(2)).map(told)).toEqual(['listed ', 'added s5']);
  expect(watchedFrom()).toEqual(['100', '250']);
});

test.each([
  ['in the stream', trickle([gone], 'end')],
  ['as the answer', refuse(410, 'Expired')],
])('lists again after 410 Gone %s', async (_, expired) => {
  script([list('100', 's4'), list('200', 's4', 's5')], [expired, trickle([line('DELETED', node('s4', '201'))])]);
  expect((await take(3)).map(told)).toEqual(['listed s4', 'listed s4 s5', 'deleted s4']);
  expect(watchedFrom()).toEqual(['100', '200']);
});

test.each([
  ['a reset', trickle([line('ADDED', node('s5', '101'))], 'reset'), 'kube-connection-lost'],
  ['half a line', trickle([line('ADDED', node('s5', '101')), '{"type":"ADD'], 'reset'), 'kube-connection-lost'],
  ['garbage', trickle([line('ADDED', node('s5', '101')), 'not json\n']), 'kube-connection-lost'],
  [
    'an internal error',
    trickle([line('ADDED', node('s5', '101')), line('ERROR', { kind: 'Status', reason: 'InternalError', code: 500 })]),
    'kube-internal',
  ],
])('resumes after %s without losing or repeating events', async (_, interrupted, code) => {
  script([list('100')], [interrupted, cut, trickle([line('ADDED', node('s6', '102'))])]);
  const seen: string[] = [];
  const onInterrupted = (error: { code: string }): void => void seen.push(error.code);
  expect((await take(3, { onInterrupted })).map(told)).toEqual(['listed ', 'added s5', 'added s6']);
  expect(watchedFrom()).toEqual(['100', '101', '101']);
  expect(seen).toEqual([code, 'kube-connection-lost']);
});

test('tries again at once, then waits longer and longer while the API is away', async () => {
  const slept: number[] = [];
  const sleep = async (ms: number): Promise<void> => void slept.push(ms);
  script([cut, refuse(503, 'ServiceUnavailable'), refuse(429, 'TooManyRequests'), list('100')], []);
  await take(1, { sleep });
  expect(slept).toEqual([50, 100]);
});

test('does not hammer a server that ends every stream at once', async () => {
  const slept: number[] = [];
  const sleep = async (ms: number): Promise<void> => void slept.push(ms);
  const empty = trickle([], 'end');
  script([list('100')], [empty, empty, empty, trickle([line('ADDED', node('s5', '101'))])]);
  await take(2, { sleep });
  expect(slept).toEqual([50, 100]);
});

test('a lasting refusal ends the watch', async () => {
  script([refuse(403, 'Forbidden')], []);
  await expect(take(1)).rejects.toMatchObject({ code: 'kube-forbidden' });
});

test('the signal ends it with its reason, events that were not read are dropped', async () => {
  const controller = new AbortController();
  const reason = new Error('interrupted');
  script([list('100')], [trickle([line('ADDED', node('s5', '101')), line('ADDED', node('s6', '102'))])]);
  const events: string[] = [];
  const run = async (): Promise<void> => {
    for await (const event of watch<KubeNode>({ client: cluster.client, path: PATH, signal: controller.signal })) {
      events.push(told(event));
      if (event.type === 'added') controller.abort(reason);
    }
  };
  await expect(run()).rejects.toBe(reason);
  expect(events).toEqual(['listed ', 'added s5']);
});

test('leaving the loop closes the connection', async () => {
  let closed = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    closed = resolve;
  });
  script(
    [list('100')],
    [
      (exchange) => {
        exchange.response.once('close', closed);
        return trickle([line('ADDED', node('s5', '101'))])(exchange);
      },
    ],
  );
  await take(2);
  await ended;
});

test('a stream that the server never ends is given up when it is overdue', async () => {
  const seen: string[] = [];
  const onInterrupted = (error: { code: string }): void => void seen.push(error.code);
  const speaks = trickle([line('ADDED', node('s5', '101'))]);
  script([list('100')], [trickle([]), ...Array.from({ length: 100 }, () => speaks)]);
  await take(2, { onInterrupted, timeoutSeconds: 0, graceMs: 100 });
  expect(seen[0]).toBe('kube-timeout');
});
