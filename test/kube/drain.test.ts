import { describe, expect, test } from 'vitest';
import { cordon, uncordon } from '../../src/kube/cordon.js';
import { exhaustedBudgets, selects } from '../../src/kube/disruption-budgets.js';
import { drain } from '../../src/kube/drain.js';
import type { KubePod, LabelSelector } from '../../src/kube/objects.js';
import { answer, refuse, trickle } from '../helpers/fake-apiserver.js';
import { useFakeCluster } from './setup.js';

const cluster = useFakeCluster();
const { signal } = new AbortController();

interface Given {
  owner?: string;
  mirror?: boolean;
  phase?: string;
  labels?: Record<string, string>;
  ready?: boolean;
}

function pod(
  name: string,
  { owner = 'ReplicaSet', mirror = false, phase = 'Running', labels = {}, ready = true }: Given = {},
): KubePod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-${name}`,
      labels,
      ...(mirror && { annotations: { 'kubernetes.io/config.mirror': '1' } }),
      ...(owner !== '' && { ownerReferences: [{ kind: owner, name: 'o', controller: true }] }),
    },
    spec: { nodeName: 's7' },
    status: { phase, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

const PODS = '/api/v1/pods';
const evictionOf = (name: string): string => `/api/v1/namespaces/default/pods/${name}/eviction`;
const listOf = (...items: KubePod[]) => answer(200, { metadata: { resourceVersion: '7' }, items });
const gone = (...pods: KubePod[]) => pods.map((object) => `${JSON.stringify({ type: 'DELETED', object })}\n`);
const done = answer(201, { kind: 'Status' });

const drained = (forMs = 10_000) =>
  drain({
    client: cluster.client,
    node: 's7',
    forMs,
    sleep: () => new Promise(setImmediate),
    onWait: () => {},
    signal,
  });
const evictions = () => cluster.server.requests.filter(({ path }) => path.endsWith('/eviction'));

describe('a node that is drained', () => {
  test('has its pods evicted, but not those of DaemonSets, of its own files, and that are over', async () => {
    const web = pod('web');
    const others = [
      pod('agent', { owner: 'DaemonSet' }),
      pod('static', { mirror: true }),
      pod('job', { phase: 'Failed' }),
    ];
    cluster.server.on('GET', PODS, listOf(web, ...others), trickle(gone(web)));
    cluster.server.on('POST', evictionOf('web'), done);
    expect(await drained()).toEqual([]);
    expect(evictions().map(({ path }) => path)).toEqual([evictionOf('web')]);
    expect(JSON.parse(evictions()[0]?.body ?? '')).toMatchObject({
      kind: 'Eviction',
      deleteOptions: { preconditions: { uid: 'uid-web' } },
    });
    expect(cluster.server.requests[0]?.query.get('fieldSelector')).toBe('spec.nodeName=s7');
  });

  test('keeps a pod that nothing would make anew, and names it', async () => {
    cluster.server.on('GET', PODS, listOf(pod('alone', { owner: '' })));
    expect(await drained()).toEqual(['default/alone']);
    expect(evictions()).toEqual([]);
  });

  test('is asked again while a budget is exhausted, and a pod that went meanwhile is no failure', async () => {
    const [web, other] = [pod('web'), pod('other')];
    cluster.server.on('GET', PODS, listOf(web, other), trickle(gone(web, other)));
    cluster.server.on('POST', evictionOf('web'), refuse(429, 'TooManyRequests'), refuse(409, 'Conflict'), done);
    cluster.server.on('POST', evictionOf('other'), refuse(404, 'NotFound'));
    expect(await drained()).toEqual([]);
  });

  test('names the pods that did not go in time, and the budget that keeps them', async () => {
    const web = pod('web', { labels: { app: 'web' } });
    cluster.server.on('GET', PODS, listOf(web), trickle([]));
    cluster.server.on('POST', evictionOf('web'), refuse(429, 'TooManyRequests'));
    const budget = {
      metadata: { name: 'web', namespace: 'default' },
      spec: { selector: { matchLabels: { app: 'web' } } },
      status: { disruptionsAllowed: 0 },
    };
    cluster.server.on('GET', '/apis/policy/v1/poddisruptionbudgets', listOf(budget as unknown as KubePod));
    await expect(drained(2_000)).rejects.toMatchObject({
      code: 'drain-blocked',
      host: 's7',
      message: expect.stringContaining('default/web (PodDisruptionBudget default/web keeps default/web)'),
    });
  });

  test('is asked again in a namespace that ends', async () => {
    const web = pod('web');
    cluster.server.on('GET', PODS, listOf(web), trickle(gone(web)));
    const causes = [{ reason: 'NamespaceTerminating' }];
    const ending = answer(403, { kind: 'Status', reason: 'Forbidden', code: 403, details: { causes } });
    cluster.server.on('POST', evictionOf('web'), ending, done);
    expect(await drained()).toEqual([]);
  });

  test('ends with a refusal that lasts', async () => {
    cluster.server.on('GET', PODS, listOf(pod('web')), trickle([]));
    cluster.server.on('POST', evictionOf('web'), refuse(403, 'Forbidden'));
    await expect(drained()).rejects.toMatchObject({ code: 'kube-forbidden' });
  });
});

describe('a budget', () => {
  test('counts where it allows nothing, and selects one of the pods', async () => {
    const budget = (name: string, namespace: string, allowed: number, app: string) => ({
      metadata: { name, namespace },
      spec: { selector: { matchLabels: { app } } },
      status: { disruptionsAllowed: allowed },
    });
    const budgets = [
      budget('spent', 'default', 0, 'web'),
      budget('has-room', 'default', 1, 'web'),
      budget('of-another', 'default', 0, 'db'),
      budget('elsewhere', 'other', 0, 'web'),
    ];
    cluster.server.on('GET', '/apis/policy/v1/poddisruptionbudgets', listOf(...(budgets as unknown as KubePod[])));
    const web = pod('web', { labels: { app: 'web' } });
    const keeping = async (one: KubePod) => [...(await exhaustedBudgets(cluster.client, [one], signal)).keys()];
    expect(await keeping(pod('db', { labels: { app: 'db' }, ready: true }))).toEqual(['default/of-another']);
    // What two of them are over is not evicted, whatever they allow.
    expect(await keeping(web)).toEqual(['default/spent', 'default/has-room']);
    expect(await keeping({ ...web, status: { phase: 'Pending' } })).toEqual([]);
  });

  test.each<[string, boolean, object, string | undefined, boolean]>([
    ['a ready pod', true, {}, 'AlwaysAllow', true],
    ['one that is not', false, { desiredHealthy: 1 }, undefined, true],
    ['by its policy', false, { desiredHealthy: 1 }, 'AlwaysAllow', false],
    ['beside enough others', false, { desiredHealthy: 1, currentHealthy: 1 }, undefined, false],
  ])('that allows nothing keeps %s: %s', async (_title, ready, status, unhealthyPodEvictionPolicy, keeps) => {
    const spent = {
      metadata: { name: 'spent', namespace: 'default' },
      spec: { selector: {}, ...(unhealthyPodEvictionPolicy && { unhealthyPodEvictionPolicy }) },
      status: { disruptionsAllowed: 0, ...status },
    };
    cluster.server.on('GET', '/apis/policy/v1/poddisruptionbudgets', listOf(spent as unknown as KubePod));
    expect((await exhaustedBudgets(cluster.client, [pod('web', { ready })], signal)).size > 0).toBe(keeps);
  });

  test.each<[LabelSelector, boolean]>([
    [{}, true],
    [{ matchLabels: { app: 'web' } }, true],
    [{ matchLabels: { app: 'db' } }, false],
    [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'db'] }] }, true],
    [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, false],
    [{ matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['x'] }] }, true],
    [{ matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, false],
    [{ matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, true],
  ])('%j selects it: %s', (selector, expected) => {
    expect(selects(selector, pod('web', { labels: { app: 'web' } }))).toBe(expected);
  });
});

describe('a cordon', () => {
  const path = '/api/v1/nodes/s7';
  const node = (unschedulable: boolean, annotations = {}) =>
    answer(200, { metadata: { name: 's7', resourceVersion: '7', annotations }, spec: { unschedulable } });
  const patches = () =>
    cluster.server.requests.filter(({ method }) => method === 'PATCH').map(({ body }) => JSON.parse(body));
  const OURS = { 'k8s-diskless/cordoned': '' };

  test('of ours is marked, and undone', async () => {
    cluster.server.on('GET', path, node(false), node(true, OURS)).on('PATCH', path, node(true));
    expect(await cordon(cluster.client, 's7', signal)).toBe(true);
    expect(await uncordon(cluster.client, 's7', signal)).toBe(true);
    expect(patches()).toEqual([
      { metadata: { annotations: OURS, resourceVersion: '7' }, spec: { unschedulable: true } },
      {
        metadata: { annotations: { 'k8s-diskless/cordoned': null }, resourceVersion: '7' },
        spec: { unschedulable: null },
      },
    ]);
  });

  test('of a run before is ours', async () => {
    cluster.server.on('GET', path, node(true, OURS));
    expect(await cordon(cluster.client, 's7', signal)).toBe(true);
    expect(patches()).toEqual([]);
  });

  test('is decided anew where somebody wrote to the node meanwhile', async () => {
    cluster.server.on('GET', path, node(false), node(true)).on('PATCH', path, refuse(409, 'Conflict'));
    expect(await cordon(cluster.client, 's7', signal)).toBe(false);
    expect(patches()).toHaveLength(1);
  });

  test('of an administrator stays', async () => {
    cluster.server.on('GET', path, node(true));
    expect(await cordon(cluster.client, 's7', signal)).toBe(false);
    expect(await uncordon(cluster.client, 's7', signal)).toBe(false);
    expect(patches()).toEqual([]);
  });
});
