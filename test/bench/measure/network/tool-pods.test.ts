import { describe, expect, it, vi } from 'vitest';
import type { BenchNode } from '../../../../src/bench/measure/bench-node.js';
import { NAMESPACE } from '../../../../src/bench/measure/manifests.js';
import { startTools } from '../../../../src/bench/measure/network/tool-pods.js';
import { PODS } from '../../../../src/bench/measure/pod-observer.js';
import { answer, refuse, trickle } from '../../../helpers/fake-apiserver.js';
import { useFakeCluster } from '../../../kube/setup.js';

const cluster = useFakeCluster();
const SERVICES = `/api/v1/namespaces/${NAMESPACE}/services`;
const names = ['host-s4', 'pod-s4', 'peer-s4'];

const exec = vi.fn(async () => ({
  stdout: `TASK PID STATUS\n${names.map((name, index) => `id-${name}    ${700 + index}    RUNNING`).join('\n')}\n`,
}));
const node = {
  name: 's4',
  arch: 'amd64',
  object: { status: { capacity: { cpu: '8' } } },
  session: { exec },
} as unknown as BenchNode;

/** A kubelet that starts each tool pod, but for what a test changes. */
function running(change: (name: string) => object = () => ({})): void {
  const items = names.map((name, index) => ({
    metadata: { name, labels: {} },
    spec: { nodeName: 's4' },
    status: {
      podIP: `10.244.0.${index}`,
      containerStatuses: [{ name: 'iperf3', containerID: `containerd://id-${name}`, state: { running: {} } }],
      ...change(name),
    },
  }));
  cluster.server.on('POST', PODS, (exchange) => answer(201, JSON.parse(exchange.request.body))(exchange));
  cluster.server.on('GET', PODS, (exchange) => {
    if (!exchange.request.query.has('watch')) answer(200, { metadata: { resourceVersion: '5' }, items })(exchange);
  });
  const ports = [
    { name: 'tcp-20561', protocol: 'TCP', port: 20561, nodePort: 31001 },
    { name: 'tcp-20562', protocol: 'TCP', port: 20562, nodePort: 31002 },
  ];
  const service = { metadata: { name: 'pod-s4' }, spec: { clusterIP: '10.96.7.7', ports } };
  cluster.server.on('POST', SERVICES, answer(201, service));
  cluster.server.on('PATCH', `${SERVICES}/pod-s4`, answer(200, service));
  for (const name of names)
    cluster.server.on('GET', `${PODS}/${name}/log`, trickle(['----\nServer lis', 'tening on 20561\n']));
}

const start = (limitsCpu = false) => {
  const { signal } = new AbortController();
  return startTools({ client: cluster.client, nodes: [node], image: (arch) => `tool:${arch}`, limitsCpu, signal });
};
const created = (path: string) =>
  cluster.server.requests
    .filter((each) => each.method === 'POST' && each.path === path)
    .map(({ body }) => JSON.parse(body));

describe('startTools', () => {
  it('stands one tool in the host network of a node and two in the network of pods', async () => {
    running();
    const tools = (await start()).get('s4');
    expect(tools).toMatchObject({
      host: { address: '10.244.0.0', containerId: 'id-host-s4', pid: 700 },
      pod: { address: '10.244.0.1', containerId: 'id-pod-s4', pid: 701 },
      peer: { address: '10.244.0.2', containerId: 'id-peer-s4', pid: 702 },
    });
    expect(created(PODS).map(({ metadata, spec }) => [metadata.name, spec.hostNetwork, spec.nodeName])).toEqual([
      ['host-s4', true, 's4'],
      ['pod-s4', false, 's4'],
      ['peer-s4', false, 's4'],
    ]);
    expect(created(PODS).map(({ spec }) => spec.containers[0].image)).toEqual(Array(3).fill('tool:amd64'));
  });

  it('gives the service one node port for TCP and UDP, since iperf3 uses one number for both', async () => {
    running();
    const service = (await start()).get('s4')?.service;
    expect(service).toEqual({
      clusterIp: '10.96.7.7',
      nodePorts: new Map([
        [20561, 31001],
        [20562, 31002],
      ]),
    });
    const patch = cluster.server.requests.find(({ method }) => method === 'PATCH');
    expect(JSON.parse(patch?.body ?? '')).toMatchObject([
      { op: 'add', path: '/spec/ports/-', value: { protocol: 'UDP', port: 20561, nodePort: 31001 } },
    ]);
  });

  it('limits processor time only where a quota demands it, to all the node has', async () => {
    running();
    await start(true);
    expect(created(PODS).map(({ spec }) => spec.containers[0].resources.limits.cpu)).toEqual(['8', '8', '8']);
  });

  it('says what does not listen, with what it said', async () => {
    running();
    const died = 'iperf3: error - unable to start listener: Address already in use\n';
    cluster.server.on('GET', `${PODS}/host-s4/log`, trickle([died], 'end'));
    await expect(start()).rejects.toMatchObject({
      code: 'bench-tools',
      host: 's4',
      message: 'iperf3 in the pod host-s4 does not listen on port 20561',
      detail: died.trim(),
    });
  });

  it('says what did not start, and why', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const waiting = { waiting: { reason: 'CreateContainerError', message: 'no space left on device' } };
      running((name) => (name === 'pod-s4' ? { containerStatuses: [{ name: 'iperf3', state: waiting }] } : {}));
      const started = expect(start()).rejects.toMatchObject({
        code: 'bench-tools',
        message: '1 pod with the measuring tool did not start within 60 s',
        detail: 'pod-s4: CreateContainerError: no space left on device',
      });
      await vi.waitFor(() => expect(cluster.server.requests.some(({ query }) => query.has('watch'))).toBe(true), {
        timeout: 30_000,
      });
      await vi.advanceTimersByTimeAsync(61_000);
      await started;
    } finally {
      vi.useRealTimers();
    }
  });

  it('passes on that a pod was refused', async () => {
    running();
    cluster.server.on('POST', PODS, refuse(403, 'Forbidden', 'no host network here'));
    await expect(start()).rejects.toMatchObject({ code: 'kube-forbidden' });
  });
});
