import { expect, test } from 'vitest';
import { createReadinessWatch } from '../../src/reconcile/readiness-watch.js';
import { answer } from '../helpers/fake-apiserver.js';
import { useFakeCluster } from '../kube/setup.js';

const cluster = useFakeCluster();
const { signal } = new AbortController();

const node = (name: string, ready: boolean, taints?: object[]) => ({
  metadata: { name, resourceVersion: '1', uid: name },
  spec: { taints },
  status: {
    nodeInfo: { bootID: `boot-${name}`, kubeletVersion: 'v1.37.2' },
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', message: 'cni is missing' }],
  },
});

function watchOf(nodes: string[], timeoutMs: number) {
  const bootIds = new Map(nodes.map((name) => [name, `boot-${name}`]));
  return createReadinessWatch({ client: async () => cluster.client, nodes: () => bootIds, timeoutMs, signal });
}

test('each node has its own time, and is told what it lacked', async () => {
  cluster.server.on('GET', '/api/v1/nodes', (exchange) => {
    if (exchange.request.query.get('watch')) return;
    const items = [node('s4', true), node('s5', false)];
    return answer(200, { kind: 'NodeList', metadata: { resourceVersion: '1' }, items })(exchange);
  });
  const watch = watchOf(['s4', 's5', 's6'], 3_000);
  try {
    const first = watch.wait('s4');
    await expect.poll(() => watch.kubeletVersion('s4')).toBe('v1.37.2');
    expect(await first).toBeUndefined();
    // Asked late, after the time of an earlier one would have been up.
    expect(await watch.wait('s5')).toBe('cni is missing');
    expect(await watch.wait('s6')).toBe('it has not registered with the API');
    expect([watch.kubeletVersion('s5'), watch.kubeletVersion('s6')]).toEqual([undefined, undefined]);
  } finally {
    watch.end();
  }
});

test('nobody waits for a node that was given up, whenever they began', async () => {
  cluster.server.on('GET', '/api/v1/nodes', (exchange) => {
    if (exchange.request.query.get('watch')) return;
    const items = [node('s4', false), node('s5', false)];
    return answer(200, { kind: 'NodeList', metadata: { resourceVersion: '1' }, items })(exchange);
  });
  const watch = watchOf(['s4', 's5'], 60_000);
  try {
    const waiting = watch.wait('s4');
    watch.giveUp('s4', 'its kubelet keeps ending');
    const gone = { code: 'dependency-failed', message: 'its kubelet keeps ending' };
    await expect(waiting).rejects.toMatchObject(gone);
    await expect(watch.waitForPods('s4')).rejects.toMatchObject(gone);
    expect(await Promise.race([watch.wait('s5'), Promise.resolve('still waiting')])).toBe('still waiting');
  } finally {
    watch.end();
  }
});

test('a node that is Ready takes pods when its taint is gone, and is told of it until then', async () => {
  const tainted = node('s4', true, [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
  let takeOff = (): void => {};
  cluster.server.on('GET', '/api/v1/nodes', ({ request, response }) => {
    if (!request.query.get('watch')) {
      const list = { kind: 'NodeList', metadata: { resourceVersion: '1' }, items: [tainted] };
      return answer(200, list)({ request, response });
    }
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    takeOff = () => void response.write(`${JSON.stringify({ type: 'MODIFIED', object: node('s4', true) })}\n`);
  });
  const impatient = watchOf(['s4'], 1_000);
  const watch = watchOf(['s4'], 60_000);
  try {
    expect(await impatient.wait('s4')).toBeUndefined();
    expect(await impatient.waitForPods('s4')).toContain('node.kubernetes.io/not-ready:NoSchedule');
    impatient.end();
    const taken = watch.waitForPods('s4');
    expect(await watch.wait('s4')).toBeUndefined();
    await expect.poll(() => cluster.server.requests.filter(({ query }) => query.get('watch')).length).toBe(2);
    takeOff();
    expect(await taken).toBeUndefined();
  } finally {
    watch.end();
  }
});
