import { describe, expect, it } from 'vitest';
import {
  type MeasuredCluster,
  type MeasuredClusterOptions,
  measuredCluster,
} from '../../../src/bench/measure/measured-cluster.js';
import { openCluster } from '../../../src/cluster/cluster.js';
import { believedHostKeys } from '../../../src/cluster/per-boot-host-keys.js';
import { DisklessError } from '../../../src/errors.js';
import type { KubeNode } from '../../../src/kube/objects.js';
import type { HostKeyPolicy } from '../../../src/ssh/host-key.js';
import type { Connection, HostKey } from '../../../src/ssh/transport.js';
import type { NodeRecord } from '../../../src/state/records.js';
import { type FakeConnection, fakeConnection } from '../../cluster/fake-session.js';
import { answer, trickle } from '../../helpers/fake-apiserver.js';
import { sampleNode, sampleSpec } from '../../helpers/sample-facts.js';
import { useFakeCluster } from '../../kube/setup.js';

const cluster = useFakeCluster();
const { signal } = new AbortController();
const [OLD, NEW, OTHER] = ['old', 'new', 'other'].map((name) => ({
  type: 'ssh-ed25519',
  fingerprint: `SHA256:${name}`,
})) as [HostKey, HostKey, HostKey];
const RECORD: NodeRecord = { name: 's4', bootId: 'boot-1', hostKey: OLD, nodeIp: '10.0.0.4', arch: 'x86_64' };

/** A machine in that boot, on which the API answers. */
function machine(bootId: string, hostKey: HostKey): FakeConnection {
  const fake = fakeConnection(() => ({ stdout: `${bootId}\n` }), hostKey);
  Object.assign(fake.connection, { forward: () => cluster.server.open(signal) });
  return fake;
}

interface One extends Partial<Pick<MeasuredClusterOptions, 'tell' | 'signal' | 'takesPodsMs'>> {
  open: (name: string, signal: AbortSignal) => Promise<Connection>;
  policy?: HostKeyPolicy | undefined;
}

/** Opens a cluster of one node. */
async function openOne({
  open,
  policy = 'per-boot',
  ...options
}: One): Promise<MeasuredCluster & { close(): Promise<void> }> {
  const spec = sampleSpec({ nodes: [sampleNode()] });
  const { tell = () => {} } = options;
  const opened = openCluster({
    spec,
    connect: believedHostKeys({ policy, open, nodeRecords: new Map([['s4', RECORD]]), tell }),
    identities: async () => ({ kubernetes: cluster.admin, etcd: cluster.admin }),
  });
  const close = () => opened.close();
  try {
    return { ...(await measuredCluster({ spec, cluster: opened, tell, signal, ...options })), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Its connections come one after the other. */
async function open(machines: FakeConnection[], policy?: HostKeyPolicy) {
  const told: string[] = [];
  const left = [...machines];
  const opened = await openOne({
    policy,
    open: async () => {
      const next = left.shift();
      if (next === undefined) throw new Error('connected to more often than expected');
      return next.connection;
    },
    tell: (line) => told.push(line),
  });
  return { opened, told };
}

function nodeOf(bootID: string, spec: KubeNode['spec'] = {}) {
  const status = { conditions: [{ type: 'Ready', status: 'True' }], nodeInfo: { bootID } };
  return { kind: 'Node', apiVersion: 'v1', metadata: { name: 's4', resourceVersion: '1' }, spec, status };
}

const listOf = (node: object) =>
  answer(200, { kind: 'NodeList', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items: [node] });

function registered(bootID: string): void {
  cluster.server.on('GET', '/api/v1/nodes', listOf(nodeOf(bootID)));
}

describe('host keys under per-boot', () => {
  it('another one within the recorded boot is refused, before anything else is asked', async () => {
    registered('boot-1');
    const stranger = machine('boot-1', NEW);
    await expect(open([stranger])).rejects.toMatchObject({ code: 'host-key-changed', exit: 5, host: 's4' });
    await stranger.connection.closed;
    expect(cluster.server.requests).toEqual([]);
  });

  it('the recorded one is believed without a word', async () => {
    registered('boot-1');
    const { opened, told } = await open([machine('boot-1', OLD)]);
    expect(opened.nodes).toMatchObject([{ name: 's4', bootId: 'boot-1' }]);
    expect(told).toEqual([]);
    await opened.close();
  });

  it('a new one of a new boot is told, and no other is believed in that boot', async () => {
    registered('boot-2');
    const first = machine('boot-2', NEW);
    const { opened, told } = await open([first, machine('boot-2', OTHER)]);
    expect(told).toEqual(['s4: new host key of this boot: ssh-ed25519 SHA256:new, its last boot had SHA256:old']);
    first.lose();
    await first.connection.closed;
    const session = opened.nodes[0]?.session;
    await expect(session?.exec('true', { label: 'look' })).rejects.toMatchObject({ code: 'host-key-changed' });
    await opened.close();
  });

  it('a node that rebooted since is found by who measures', async () => {
    registered('boot-1');
    const first = machine('boot-1', OLD);
    const { opened } = await open([first, machine('boot-2', NEW)]);
    first.lose();
    await first.connection.closed;
    expect(await opened.nodes[0]?.session.exec('boot', { label: 'look' })).toMatchObject({ stdout: 'boot-2\n' });
    await opened.close();
  });
});

it('other policies have decided at the connection already', async () => {
  registered('boot-1');
  const { opened } = await open([machine('boot-1', NEW)], 'insecure');
  expect(opened.nodes).toHaveLength(1);
  await opened.close();
});

it('an interruption waits for no connection that is still being opened', async () => {
  const run = new AbortController();
  const opening = openOne({
    open: (_, own) =>
      new Promise((_resolve, reject) => {
        own.addEventListener('abort', () => reject(own.reason));
        setImmediate(() => run.abort(new DisklessError({ code: 'interrupted', message: 'interrupted' })));
      }),
    signal: run.signal,
  });
  await expect(opening).rejects.toMatchObject({ code: 'interrupted' });
});

describe('a node that is Ready and bears a taint', () => {
  const not = (key: string) => nodeOf('boot-1', { taints: [{ key, effect: 'NoSchedule' }] });
  const JUST_READY = not('node.kubernetes.io/not-ready');

  it('of before it was Ready: is waited for, and then takes pods', async () => {
    const gone = trickle([`${JSON.stringify({ type: 'MODIFIED', object: nodeOf('boot-1') })}\n`]);
    const [tainted, clean] = [listOf(JUST_READY), listOf(nodeOf('boot-1'))];
    cluster.server.on('GET', '/api/v1/nodes', tainted, tainted, gone, clean);
    const { opened, told } = await open([machine('boot-1', OLD)]);
    expect(opened.nodes).toMatchObject([{ name: 's4', schedulable: true, repelledBy: [] }]);
    expect(told).toEqual(['waiting until pods can be scheduled on s4']);
    await opened.close();
  });

  it('that stays longer than it is waited for: is known with what keeps pods off', async () => {
    const handler = listOf(JUST_READY);
    cluster.server.on('GET', '/api/v1/nodes', (exchange) =>
      exchange.request.query.get('watch') ? trickle([])(exchange) : handler(exchange),
    );
    const opened = await openOne({ open: async () => machine('boot-1', OLD).connection, takesPodsMs: 500 });
    expect(opened.nodes).toMatchObject([
      { schedulable: false, repelledBy: ['node.kubernetes.io/not-ready:NoSchedule'] },
    ]);
    await opened.close();
  });

  it('that a person wants: is not waited for', async () => {
    cluster.server.on('GET', '/api/v1/nodes', listOf(not('gpu')));
    const { opened, told } = await open([machine('boot-1', OLD)]);
    expect(opened.nodes).toMatchObject([{ schedulable: false, repelledBy: ['gpu:NoSchedule'] }]);
    expect(told).toEqual([]);
    await opened.close();
  });
});
