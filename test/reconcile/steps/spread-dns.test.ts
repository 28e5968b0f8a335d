import { beforeEach, describe, expect, it } from 'vitest';
import type { DnsPods } from '../../../src/reconcile/dns-pods.js';
import { spreadDns } from '../../../src/reconcile/steps/spread-dns.js';
import { createEventBus } from '../../../src/runner/event-bus.js';
import type { RunEvent } from '../../../src/runner/events.js';
import { clusterOf } from '../../cluster/fake-session.js';
import { answer, type Handler, refuse, trickle } from '../../helpers/fake-apiserver.js';
import { sampleNode, sampleSpec } from '../../helpers/sample-facts.js';
import { useFakeCluster } from '../../kube/setup.js';

const cluster = useFakeCluster();
const PODS = '/api/v1/namespaces/kube-system/pods';
const DNS: DnsPods = { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' }, replicas: 2, tolerations: [] };

const pod = (name: string, nodeName: string, { going = false, ready = true } = {}) => ({
  metadata: {
    name,
    namespace: 'kube-system',
    resourceVersion: '7',
    ...(going && { deletionTimestamp: '2026-11-30T10:00:00Z' }),
  },
  spec: { nodeName },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});
const node = (name: string) => ({
  metadata: { name },
  spec: {},
  status: { allocatable: { cpu: '1', pods: '2' }, conditions: [{ type: 'Ready', status: 'True' }] },
});
const unschedulable = (name: string) => ({
  ...pod(name, ''),
  spec: {},
  status: {
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'Insufficient cpu' }],
  },
});
const event = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`;
const listOf = (...items: object[]) => answer(200, { metadata: { resourceVersion: '7' }, items });

const ANSWERS = { answers: true, fails: false };

interface Scenario {
  dnsPods?: DnsPods;
  well?: string[];
  readyTimeoutMs?: number;
  /** An image was imported on some node in this run. */
  imported?: boolean;
}

async function runWith({ dnsPods = DNS, well = ['s4'], readyTimeoutMs = 180_000, imported = false }: Scenario = {}) {
  const { signal } = new AbortController();
  const events: RunEvent[] = [];
  const context = {
    signal,
    bus: createEventBus({ sinks: [(each) => events.push(each)], monotonicMs: () => 0, wallClock: () => new Date(0) }),
    cluster: clusterOf([], { kube: async () => cluster.client }),
    memory: { tally: new Map() },
    healthy: new Map(well.map((name) => [name, 'well'])),
    addons: { dnsPods },
    judgement: { work: new Map([['s4', { difference: { images: imported ? [{}] : [] } }]]) },
    options: {
      spec: sampleSpec({ nodes: [sampleNode()] }),
      readyTimeoutMs,
      clock: { sleep: async () => {}, monotonicMs: () => 0, now: () => Date.parse('2026-11-30T12:00:00Z') },
    },
  } as unknown as Parameters<typeof spreadDns>[0];
  const { outcome: result, gives: state } = await spreadDns(context, {
    node: '',
    step: 'dns',
    signal,
    failed: new Set(),
  });
  const told = events.flatMap((each) =>
    each.type === 'change' ? [each.what] : each.type === 'note' ? [each.code, each.message] : [],
  );
  const evicted = cluster.server.requests.flatMap(({ method, body }) => (method === 'POST' ? [JSON.parse(body)] : []));
  return { result, state, told, evicted };
}

/** All pods of the other node. */
let onOther: object[] = [];
beforeEach(() => {
  onOther = [];
});

/** The pods as they are listed, then what is told of them. */
function pods(listed: object[], ...told: string[]): void {
  const list = listOf(...listed);
  const watched = trickle(told);
  const handler: Handler = (exchange) => (exchange.request.query.get('watch') ? watched(exchange) : list(exchange));
  cluster.server
    .on('GET', '/api/v1/nodes', listOf(node('s4'), node('s5')))
    .on('GET', '/api/v1/pods', (exchange) => listOf(...onOther)(exchange))
    .on('GET', PODS, handler);
}

describe('spreadDns', () => {
  it('costs two lists where each name server has a node of its own', async () => {
    pods([pod('a', 's4'), pod('b', 's5')]);
    expect(await runWith()).toEqual({ result: 'unchanged', state: ANSWERS, told: [], evicted: [] });
    expect(cluster.server.requests.map(({ path }) => path)).toEqual(['/api/v1/nodes', PODS]);
    expect(cluster.server.requests[1]?.query.get('labelSelector')).toBe('k8s-app=kube-dns');
  });

  it('evicts one of two that came together, once, and waits until the other node has it', async () => {
    pods(
      [pod('a', 's4'), pod('b', 's4')],
      event('MODIFIED', pod('a', 's4')),
      event('MODIFIED', pod('a', 's4', { going: true })),
      event('DELETED', pod('a', 's4')),
      event('ADDED', pod('c', 's5', { ready: false })),
    );
    cluster.server.on('POST', `${PODS}/a/eviction`, answer(201, {}));
    expect(await runWith()).toEqual({
      result: 'changed',
      state: ANSWERS,
      told: ['evict a, one of several name servers on s4'],
      evicted: [{ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'a', namespace: 'kube-system' } }],
    });
  });

  const notFound = (name: string, nodeName: string) => ({
    ...pod(name, nodeName, { ready: false }),
    status: {
      phase: 'Pending',
      containerStatuses: [{ state: { waiting: { reason: 'ImagePullBackOff', message: 'no such host' } } }],
    },
  });

  it('waits for those that were too early for their image, which was imported meanwhile', async () => {
    pods([notFound('a', 's4'), notFound('b', 's5')], event('MODIFIED', pod('a', 's4')));
    const { state, told } = await runWith({ imported: true });
    expect({ state, told }).toEqual({ state: ANSWERS, told: [] });
  });

  it('does not wait for an image that nobody brings', async () => {
    pods([notFound('a', 's4'), notFound('b', 's5')]);
    const { state, told } = await runWith();
    expect({ state, told: told[1] }).toEqual({
      state: { answers: false, fails: true },
      told: 'no name server is ready: ImagePullBackOff: no such host',
    });
  });

  it('waits for one that has no node yet', async () => {
    pods([pod('a', 's4'), { ...pod('b', ''), spec: {} }], event('MODIFIED', pod('b', 's5')));
    expect(await runWith()).toEqual({ result: 'unchanged', state: ANSWERS, told: [], evicted: [] });
  });

  it('warns where that does not come about in time, and fails nothing', async () => {
    pods([pod('a', 's4'), { ...pod('b', ''), spec: {} }]);
    const { result, told } = await runWith({ readyTimeoutMs: 3_000 });
    expect({ result, told }).toEqual({ result: 'unchanged', told: ['dns-not-spread', expect.anything()] });
  });

  // Those that follow must not outlast a test: without them each would idle for half a minute.
  it('warns at once when a disruption budget is against it', async () => {
    pods([pod('a', 's4'), pod('b', 's4')]);
    cluster.server.on('POST', `${PODS}/a/eviction`, refuse(429, 'TooManyRequests'));
    const { result, told } = await runWith();
    expect({ result, told }).toEqual({
      result: 'unchanged',
      told: ['dns-not-spread', expect.stringContaining('refused POST')],
    });
  });

  it('waits no longer than until no node takes the new one, and names it', async () => {
    pods(
      [pod('a', 's4'), pod('b', 's4')],
      event('DELETED', pod('a', 's4')),
      event('ADDED', { ...pod('c', ''), spec: {} }),
      event('MODIFIED', unschedulable('c')),
    );
    cluster.server.on('POST', `${PODS}/a/eviction`, answer(201, {}));
    const { result, told } = await runWith();
    expect({ result, told: told.slice(1) }).toEqual({
      result: 'changed',
      told: ['dns-not-spread', expect.stringContaining('no node takes c: Insufficient cpu')],
    });
  });

  it('neither evicts nor waits where a former run left one without a node', async () => {
    pods([pod('a', 's4'), unschedulable('c')]);
    const { told, evicted } = await runWith();
    expect({ told, evicted }).toEqual({
      told: ['dns-not-spread', expect.stringContaining('no node takes c')],
      evicted: [],
    });
  });

  it('leaves both where they work when the other node has no room', async () => {
    pods([pod('a', 's4'), pod('b', 's4')]);
    onOther = [pod('x', 's5'), pod('y', 's5')];
    const { result, told, evicted } = await runWith();
    expect({ result, told, evicted }).toEqual({
      result: 'unchanged',
      told: ['dns-not-spread', expect.stringContaining('no room on s5 for what a requests')],
      evicted: [],
    });
    const asked = cluster.server.requests.find(({ path }) => path === '/api/v1/pods');
    expect(asked?.query.get('fieldSelector')).toBe('spec.nodeName=s5');
  });

  it('asks nothing where the DNS is not ours, or where no controller would make another pod', async () => {
    const { signal } = new AbortController();
    const place = { node: '', step: 'dns', signal, failed: new Set<string>() };
    const without = { addons: { dnsPods: undefined } } as unknown as Parameters<typeof spreadDns>[0];
    expect((await spreadDns(without, place)).outcome).toBe('unchanged');
    expect((await runWith({ well: [] })).result).toBe('unchanged');
    expect(cluster.server.requests).toEqual([]);
  });
});
