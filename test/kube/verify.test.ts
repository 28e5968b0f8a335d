import { beforeEach, expect, test } from 'vitest';
import { type VerifyOptions, verifyCluster } from '../../src/kube/verify.js';
import { answer, cut, refuse } from '../helpers/fake-apiserver.js';
import { useFakeCluster } from './setup.js';

const cluster = useFakeCluster();
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
const KUBELET = '/api/v1/nodes/s4/proxy/healthz';
const KUBERNETES = '/api/v1/namespaces/default/endpoints/kubernetes';
const NOW = 'Fri, 20 Nov 2026 10:00:00 GMT';

const addresses = (...ips: string[]) => answer(200, { subsets: [{ addresses: ips.map((ip) => ({ ip })) }] });
const lease = (name: string, renewTime: string, holderIdentity = 's4_x') => ({
  metadata: { name },
  spec: { holderIdentity, leaseDurationSeconds: 6, renewTime },
});
const leases = (...items: object[]) => answer(200, { items }, { date: NOW });
const fresh = '2026-11-20T09:59:59.123456Z';

function options(): VerifyOptions {
  return {
    client: cluster.client,
    controlPlanes: [{ name: 's4', nodeIp: '10.0.0.4', client: cluster.client }],
    nodes: new Map([['s4', 'b4']]),
    leaderElection: true,
    signal: new AbortController().signal,
  };
}

const verify = (overrides: Partial<VerifyOptions> = {}) => verifyCluster({ ...options(), ...overrides });

beforeEach(() => {
  const status = { nodeInfo: { bootID: 'b4' }, conditions: [{ type: 'Ready', status: 'True' }] };
  cluster.server
    .on('GET', '/readyz', answer(200, 'ok'))
    .on('GET', '/api/v1/nodes', answer(200, { metadata: {}, items: [{ metadata: { name: 's4' }, spec: {}, status }] }))
    .on('GET', KUBERNETES, addresses('10.0.0.4'))
    .on('GET', LEASES, leases(lease('kube-scheduler', fresh), lease('kube-controller-manager', fresh)))
    .on('GET', KUBELET, answer(200, 'ok'));
});

test('a cluster as it should be has no findings', async () => {
  expect(await verify()).toEqual([]);
});

test('nodes of another epoch and nodes that are not there', async () => {
  const nodes = new Map([
    ['s4', 'reborn'],
    ['s5', 'b5'],
  ]);
  expect(await verify({ nodes })).toEqual([
    { code: 'node-not-ready', severity: 'error', node: 's4', message: 'its kubelet has not reported since the reboot' },
    { code: 'node-not-ready', severity: 'error', node: 's5', message: 'it has no Node object' },
  ]);
});

test.each([
  ['not-ready', 'error', /which kube-controller-manager takes off/],
  ['disk-pressure', 'warning', /it takes no ordinary pods: .*disk-pressure:NoSchedule/],
])('a node that is Ready and bears the taint %s: %s', async (key, severity, message) => {
  const taints = [{ key: `node.kubernetes.io/${key}`, effect: 'NoSchedule' }];
  const status = { nodeInfo: { bootID: 'b4' }, conditions: [{ type: 'Ready', status: 'True' }] };
  const items = [{ metadata: { name: 's4' }, spec: { taints }, status }];
  cluster.server.on('GET', '/api/v1/nodes', answer(200, { metadata: {}, items }));
  const found = { code: 'node-takes-no-pods', severity, node: 's4', message: expect.stringMatching(message) };
  expect(await verify()).toEqual([found]);
});

test.each([
  [answer(500, '[-]etcd failed'), 'its kube-apiserver answers /readyz with HTTP 500: etcd'],
  [cut, 'kube-apiserver of s4 broke off GET /readyz: socket hang up'],
])('an apiserver that is not ready', async (handler, message) => {
  cluster.server.on('GET', '/readyz', handler);
  expect(await verify()).toEqual([{ code: 'apiserver-not-ready', severity: 'error', node: 's4', message }]);
});

test('a control plane pods do not know of', async () => {
  cluster.server.on('GET', KUBERNETES, addresses('10.0.0.5'));
  expect(await verify()).toMatchObject([{ code: 'endpoint-missing', severity: 'warning', node: 's4' }]);
});

test.each([
  ['absent', []],
  ['released', [lease('kube-scheduler', fresh, '')]],
  ['expired', [lease('kube-scheduler', '2026-11-20T09:59:40.000000Z')]],
])('a leader lease that is %s, by the clock of the server', async (_, scheduler) => {
  cluster.server.on('GET', LEASES, leases(lease('kube-controller-manager', fresh), ...scheduler));
  expect(await verify()).toMatchObject([{ code: 'no-leader', message: 'no kube-scheduler holds the leader lease' }]);
});

test('leases are not asked for where nobody elects', async () => {
  cluster.server.on('GET', LEASES, refuse(500, 'InternalError'));
  expect(await verify({ leaderElection: false })).toEqual([]);
});

test('endpoints nobody has written yet are endpoints that are missing', async () => {
  cluster.server.on('GET', KUBERNETES, refuse(404, 'NotFound'));
  expect((await verify()).map(({ code }) => code)).toEqual(['endpoint-missing']);
});

test('a kubelet that no apiserver reaches', async () => {
  cluster.server.on('GET', KUBELET, answer(502, 'dial tcp 10.0.0.4:10250: connect: no route to host'));
  expect(await verify()).toEqual([
    {
      code: 'kubelet-not-reached',
      severity: 'error',
      node: 's4',
      message:
        'a kube-apiserver does not reach its kubelet: HTTP 502 dial tcp 10.0.0.4:10250: connect: no route to host',
    },
  ]);
});

test('a check that fails is a finding of its own, the others are made', async () => {
  cluster.server.on('GET', LEASES, refuse(403, 'Forbidden', 'no')).on('GET', KUBELET, cut);
  const findings = await verify();
  expect(findings.map(({ code, severity }) => [code, severity])).toEqual([
    ['not-verified', 'error'],
    ['not-verified', 'error'],
  ]);
  expect(findings[0]?.message).toBe(
    `leader election could not be checked: kube-apiserver of s4 refused GET ${LEASES}: no`,
  );
});

test('the signal ends the verification', async () => {
  const reason = new Error('interrupted');
  await expect(verify({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});
