import { describe, expect, test } from 'vitest';
import { nodeDifference, reconcileNodes, type WantedNode, wantedNode } from '../../src/kube/nodes.js';
import type { KubeNode, NodeAddress, Taint } from '../../src/kube/objects.js';
import { answer, refuse } from '../helpers/fake-apiserver.js';
import { useFakeCluster } from './setup.js';

const INPUT = {
  name: 's4',
  podCidr: '10.244.1.0/24',
  nodeIp: '10.0.0.4',
  controlPlane: true,
  labels: {},
  taintControlPlane: true,
};
const KEYS = 'kubernetes.io/hostname,node-role.kubernetes.io/control-plane';

function found(
  wanted: WantedNode,
  overrides: { taints?: Taint[]; labels?: object; annotation?: string } = {},
): KubeNode {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: wanted.name,
      resourceVersion: '7',
      labels: { ...wanted.labels, 'kubernetes.io/os': 'linux', ...overrides.labels },
      annotations: { 'k8s-diskless/labels': overrides.annotation ?? Object.keys(wanted.labels).toSorted().join(',') },
    },
    spec: { podCIDR: wanted.podCidr, podCIDRs: [wanted.podCidr], taints: overrides.taints ?? wanted.taints },
    status: { addresses: wanted.addresses },
  };
}

describe('wantedNode', () => {
  test('a control plane carries the label and the taint of its role', () => {
    expect(wantedNode({ ...INPUT, labels: { rack: 'a' } })).toEqual({
      name: 's4',
      podCidr: '10.244.1.0/24',
      labels: {
        'kubernetes.io/hostname': 's4',
        'node-role.kubernetes.io/control-plane': '',
        rack: 'a',
      },
      taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }],
      addresses: [
        { type: 'InternalIP', address: '10.0.0.4' },
        { type: 'Hostname', address: 's4' },
      ],
    });
  });
  test('no taint unless asked for', () => {
    const { labels, taints } = wantedNode({ ...INPUT, taintControlPlane: false });
    expect(Object.keys(labels)).toEqual(KEYS.split(','));
    expect(taints).toEqual([]);
  });
  test('a worker has neither', () => {
    const { labels, taints } = wantedNode({ ...INPUT, controlPlane: false });
    expect([labels, taints]).toEqual([{ 'kubernetes.io/hostname': 's4' }, []]);
  });
});

describe('nodeDifference', () => {
  const wanted = wantedNode({ ...INPUT });
  const notReady: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

  test('nothing where nothing differs, whatever others have added', () => {
    expect(nodeDifference(wanted, found(wanted, { taints: [notReady, ...wanted.taints] }))).toBeUndefined();
  });

  test('labels are set, and taken off only if we had set them', () => {
    const more = wantedNode({ ...INPUT, labels: { rack: 'b' } });
    const before = found(wanted, { labels: { rack: 'a', gone: 'x', theirs: 'y' }, annotation: `${KEYS},gone,rack` });
    expect(nodeDifference(more, before)).toEqual({
      patch: {
        metadata: {
          resourceVersion: '7',
          labels: { gone: null, rack: 'b' },
          annotations: { 'k8s-diskless/labels': `${KEYS},rack` },
        },
        spec: {},
      },
      changes: ['label gone', 'label rack'],
    });
  });

  test('a role that is no longer held is taken off', () => {
    const worker = wantedNode({ ...INPUT, controlPlane: false });
    expect(nodeDifference(worker, found(wanted))?.changes).toEqual([
      'label node-role.kubernetes.io/control-plane',
      'taints',
    ]);
  });

  test('taints of the configuration come, change and go, and nobody else’s do', () => {
    const gpu = wantedNode({ ...INPUT, taints: ['gpu=a100:NoSchedule', 'example.org/slow:PreferNoSchedule'] });
    const person: Taint = { key: 'person', effect: 'NoExecute' };
    const [role] = wanted.taints;
    const taints = [
      role,
      { key: 'gpu', value: 'a100', effect: 'NoSchedule' },
      { key: 'example.org/slow', effect: 'PreferNoSchedule' },
    ];
    const come = nodeDifference(gpu, found(wanted, { taints: [...wanted.taints, person] }));
    const noted = { 'k8s-diskless/taints': 'example.org/slow:PreferNoSchedule,gpu:NoSchedule' };
    expect(come).toMatchObject({
      changes: ['taints'],
      patch: { spec: { taints: [person, ...taints] }, metadata: { annotations: noted } },
    });
    const there = found(gpu, { taints: [person, ...gpu.taints] });
    Object.assign(there.metadata.annotations ?? {}, noted);
    expect(nodeDifference(gpu, there)).toBeUndefined();
    const other = wantedNode({ ...INPUT, taints: ['gpu=h100:NoSchedule'] });
    expect(nodeDifference(other, there)?.patch).toMatchObject({
      spec: { taints: [person, role, { key: 'gpu', value: 'h100', effect: 'NoSchedule' }] },
    });
    expect(nodeDifference(wanted, there)?.patch).toMatchObject({
      spec: { taints: [person, role] },
      metadata: { annotations: { 'k8s-diskless/taints': null } },
    });
  });

  test('only our own taints are replaced', () => {
    const person: Taint = { key: 'node-role.kubernetes.io/control-plane', effect: 'NoExecute' };
    const difference = nodeDifference(wanted, found(wanted, { taints: [notReady, person] }));
    expect(difference?.patch).toMatchObject({ spec: { taints: [notReady, person, ...wanted.taints] } });
  });

  test('a missing podCIDR is set', () => {
    const before = { ...found(wanted), spec: { taints: wanted.taints } };
    expect(nodeDifference(wanted, before)).toMatchObject({
      patch: { spec: { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24'] } },
      changes: ['podCIDR'],
    });
  });

  test('another podCIDR is a refusal with what to do', () => {
    const moved = { ...wanted, podCidr: '10.244.9.0/24' };
    expect(() => nodeDifference(moved, found(wanted))).toThrow(
      expect.objectContaining({
        code: 'node-pod-cidr-mismatch',
        host: 's4',
        exit: 5,
        hint: expect.stringContaining('delete node s4'),
      }),
    );
  });
});

describe('reconcileNodes', () => {
  const cluster = useFakeCluster();
  const { signal } = new AbortController();
  const wanted = wantedNode({ ...INPUT });
  const other = wantedNode({
    ...INPUT,
    name: 's5',
    nodeIp: '10.0.0.5',
    podCidr: '10.244.2.0/24',
    controlPlane: false,
  });
  const list = (...items: KubeNode[]) => answer(200, { metadata: { resourceVersion: '7' }, items });
  const mutations = () =>
    cluster.server.requests.flatMap(({ method, path, body }) =>
      method === 'GET' ? [] : [{ method, path, body: JSON.parse(body) }],
    );

  test('creates what is missing and leaves alone what is right', async () => {
    cluster.server.on('GET', '/api/v1/nodes', list(found(wanted))).on('POST', '/api/v1/nodes', answer(201, {}));
    const { changes } = await reconcileNodes({ client: cluster.client, nodes: [wanted, other], signal });
    expect([...changes]).toEqual([['s5', ['node object']]]);
    const addresses = other.addresses;
    expect(mutations()).toEqual([
      {
        method: 'POST',
        path: '/api/v1/nodes',
        body: {
          apiVersion: 'v1',
          kind: 'Node',
          metadata: {
            name: 's5',
            labels: { 'kubernetes.io/hostname': 's5' },
            annotations: { 'k8s-diskless/labels': 'kubernetes.io/hostname' },
          },
          spec: { podCIDR: '10.244.2.0/24', podCIDRs: ['10.244.2.0/24'] },
          status: { capacity: { pods: '0' }, allocatable: { pods: '0' }, addresses },
        },
      },
    ]);
  });

  test('a kubelet that was faster, and a writer that comes between, are taken into account', async () => {
    const bare = { ...found(wanted, { annotation: '' }), spec: {} };
    cluster.server
      .on('GET', '/api/v1/nodes', list())
      .on('POST', '/api/v1/nodes', refuse(409, 'AlreadyExists'))
      .on(
        'GET',
        '/api/v1/nodes/s4',
        answer(200, bare),
        answer(200, { ...bare, metadata: { ...bare.metadata, resourceVersion: '8' } }),
      )
      .on('PATCH', '/api/v1/nodes/s4', refuse(409, 'Conflict'), answer(200, found(wanted)));
    const { changes } = await reconcileNodes({ client: cluster.client, nodes: [wanted], signal });
    expect([...changes]).toEqual([['s4', ['taints', 'podCIDR']]]);
    expect(mutations().map(({ body }) => body.metadata.resourceVersion)).toEqual([undefined, '7', '8']);
  });

  test('a node that has another pod CIDR is refused, and only that one', async () => {
    const moved = { ...found(wanted), spec: { podCIDR: '10.244.9.0/24' } };
    cluster.server.on('GET', '/api/v1/nodes', list(moved)).on('POST', '/api/v1/nodes', answer(201, {}));
    const { changes, refused } = await reconcileNodes({ client: cluster.client, nodes: [wanted, other], signal });
    expect([...changes.keys()]).toEqual(['s5']);
    expect([...refused.keys()]).toEqual(['s4']);
    expect(refused.get('s4')).toMatchObject({ code: 'node-pod-cidr-mismatch', host: 's4', exit: 5 });
  });

  const at = (...addresses: NodeAddress[]): KubeNode => ({ ...found(wanted), status: { addresses } });
  const run = (object: KubeNode) => {
    cluster.server
      .on('GET', '/api/v1/nodes', list(object))
      .on(
        'PATCH',
        '/api/v1/nodes/s4',
        answer(200, { ...object, metadata: { ...object.metadata, resourceVersion: '8' } }),
      )
      .on('PATCH', '/api/v1/nodes/s4/status', answer(200, {}));
    return reconcileNodes({ client: cluster.client, nodes: [wanted], signal });
  };

  test.each([
    ['none', []],
    ['that of another lease', [{ type: 'InternalIP', address: '10.0.0.99' }]],
    ['a name only', [{ type: 'Hostname', address: 's4' }]],
  ])('an address that is missing is written into the status before kube-proxy looks for it: %s', async (_, before) => {
    const { changes } = await run(at(...before));
    expect([...changes]).toEqual([['s4', ['addresses']]]);
    expect(mutations()).toEqual([
      {
        method: 'PATCH',
        path: '/api/v1/nodes/s4/status',
        body: { metadata: { resourceVersion: '7' }, status: { addresses: wanted.addresses } },
      },
    ]);
  });

  test('after another change it is written upon that; what a cloud provider has added is left', async () => {
    const bare = { ...at(), spec: {} };
    expect([...(await run(bare)).changes]).toEqual([['s4', ['taints', 'podCIDR', 'addresses']]]);
    expect(mutations()[1]?.body.metadata).toEqual({ resourceVersion: '8' });
    const more = at(...wanted.addresses, { type: 'ExternalIP', address: '198.51.100.4' });
    expect([...(await run(more)).changes]).toEqual([]);
  });

  test('conflicts without end are an error', async () => {
    const bare = { ...found(wanted), spec: {} };
    cluster.server
      .on('GET', '/api/v1/nodes', list(bare))
      .on('GET', '/api/v1/nodes/s4', answer(200, bare))
      .on('PATCH', '/api/v1/nodes/s4', refuse(409, 'Conflict'));
    const running = reconcileNodes({ client: cluster.client, nodes: [wanted], signal });
    await expect(running).rejects.toMatchObject({ code: 'kube-conflict' });
  });
});
