import { expect, test } from 'vitest';
import { waitNodesReady, whyNotReady } from '../../src/kube/nodes-ready.js';
import type { Condition, KubeNode, Taint } from '../../src/kube/objects.js';
import { answer, refuse, trickle } from '../helpers/fake-apiserver.js';
import { useFakeCluster } from './setup.js';

const PATH = '/api/v1/nodes';
const cluster = useFakeCluster();

function node(name: string, status: { bootId?: string; ready?: Condition['status']; message?: string }): KubeNode {
  const { bootId, ready, message } = status;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, resourceVersion: '7' },
    spec: {},
    status: {
      ...(bootId && { nodeInfo: { bootID: bootId, kubeletVersion: 'v1.37.2' } }),
      ...(ready && { conditions: [{ type: 'Ready', status: ready, ...(message && { message }) }] }),
    },
  };
}

const modified = (object: KubeNode): string => `${JSON.stringify({ type: 'MODIFIED', object })}\n`;
const listOf = (...items: KubeNode[]) => answer(200, { metadata: { resourceVersion: '7' }, items });

test('reports each node once, as soon as it is Ready in this boot epoch', async () => {
  cluster.server.on(
    'GET',
    PATH,
    listOf(node('s4', { bootId: 'b4', ready: 'True' }), node('s5', { bootId: 'old', ready: 'True' })),
    trickle([
      modified(node('s4', { bootId: 'b4', ready: 'True' })),
      modified(node('other', { bootId: 'x', ready: 'True' })),
      modified(node('s5', { bootId: 'b5', ready: 'False' })),
      modified(node('s5', { bootId: 'b5', ready: 'True' })),
    ]),
  );
  const seen: string[] = [];
  const { ready, pending } = await waitNodesReady({
    client: cluster.client,
    nodes: new Map([
      ['s4', 'b4'],
      ['s5', 'b5'],
    ]),
    onReady: (name) => seen.push(name),
    signal: new AbortController().signal,
  });
  expect(seen).toEqual(['s4', 's5']);
  expect([...ready.keys()]).toEqual(['s4', 's5']);
  expect(pending.size).toBe(0);
});

test('when time is up it returns what the others lack', async () => {
  cluster.server.on(
    'GET',
    PATH,
    listOf(node('s4', { bootId: 'b4', ready: 'True' }), node('s5', { bootId: 'old', ready: 'True' })),
    trickle([]),
  );
  const { ready, pending } = await waitNodesReady({
    client: cluster.client,
    nodes: new Map([
      ['s4', 'b4'],
      ['s5', 'b5'],
      ['s6', 'b6'],
    ]),
    signal: new AbortController().signal,
    timeoutMs: 2_000,
  });
  expect([...ready.keys()]).toEqual(['s4']);
  expect([...pending]).toEqual([
    ['s5', 'its kubelet has not reported since the reboot'],
    ['s6', 'it has not registered with the API'],
  ]);
});

const NOT_READY: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
const bearing = (taints: Taint[]): KubeNode => ({
  ...node('s4', { bootId: 'b4', ready: 'True' }),
  spec: { unschedulable: true, taints },
});

test('Ready comes first; pods only when the taint of before has gone, whatever taints a person wants', async () => {
  const wanted: Taint = { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' };
  cluster.server.on(
    'GET',
    PATH,
    listOf(node('s4', { bootId: 'b4', ready: 'False' })),
    trickle([
      modified(bearing([wanted, NOT_READY])),
      modified(bearing([wanted, NOT_READY])),
      modified(bearing([wanted])),
    ]),
  );
  const seen: string[] = [];
  const { ready } = await waitNodesReady({
    client: cluster.client,
    nodes: new Map([['s4', 'b4']]),
    onReady: (name) => seen.push(`${name} is Ready`),
    onPending: (_name, reason) => seen.push(reason),
    onTakesPods: (name) => seen.push(`${name} takes pods`),
    signal: new AbortController().signal,
  });
  const tainted =
    'it still bears the taint node.kubernetes.io/not-ready:NoSchedule, which kube-controller-manager takes off';
  expect(seen).toEqual(['it is not Ready', 's4 is Ready', tainted, tainted, 's4 takes pods']);
  expect(ready.get('s4')?.spec.taints).toEqual([wanted]);
});

test('a taint that stays is what the node lacks when time is up', async () => {
  cluster.server.on('GET', PATH, listOf(bearing([NOT_READY])), trickle([]));
  const { pending } = await waitNodesReady({
    client: cluster.client,
    nodes: new Map([['s4', 'b4']]),
    signal: new AbortController().signal,
    timeoutMs: 1_000,
  });
  expect(pending.get('s4')).toContain('not-ready:NoSchedule');
});

test('nothing to wait for asks nothing', async () => {
  const { signal } = new AbortController();
  await waitNodesReady({ client: cluster.client, nodes: new Map(), signal });
  expect(cluster.server.requests).toEqual([]);
});

test('a refusal and the signal end the wait', async () => {
  const nodes = new Map([['s4', 'b4']]);
  cluster.server.on('GET', PATH, refuse(403, 'Forbidden'));
  const refused = waitNodesReady({ client: cluster.client, nodes, signal: new AbortController().signal });
  await expect(refused).rejects.toMatchObject({ code: 'kube-forbidden' });
  const reason = new Error('interrupted');
  const aborted = waitNodesReady({
    client: cluster.client,
    nodes,
    signal: AbortSignal.abort(reason),
    timeoutMs: 9_000,
  });
  await expect(aborted).rejects.toBe(reason);
});

test.each([
  [{ bootId: 'b4', ready: 'True' as const }, undefined],
  [{ ready: 'True' as const }, 'its kubelet has not reported yet'],
  [{ bootId: 'old', ready: 'True' as const }, 'its kubelet has not reported since the reboot'],
  [{ bootId: 'b4' }, 'its kubelet has not reported a Ready condition'],
  [{ bootId: 'b4', ready: 'Unknown' as const }, 'it is not Ready'],
  [{ bootId: 'b4', ready: 'False' as const, message: 'cni plugin not initialized' }, 'cni plugin not initialized'],
])('%j: %s', (status, reason) => {
  expect(whyNotReady(node('s4', status), 'b4')).toBe(reason);
});
