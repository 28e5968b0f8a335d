import { expect, it } from 'vitest';
import { NodeSession } from '../../../src/cluster/node-session.js';
import type { NodeFacts } from '../../../src/facts/facts.js';
import type { JudgedRun } from '../../../src/reconcile/context.js';
import type { Judgement, NodeWork } from '../../../src/reconcile/judgement.js';
import { recordIntent } from '../../../src/reconcile/steps/record.js';
import type { Connection } from '../../../src/ssh/transport.js';
import type { NodeRecord } from '../../../src/state/records.js';
import { clusterOf } from '../../cluster/fake-session.js';
import { sampleFacts, sampleMount, sampleSpec } from '../../helpers/sample-facts.js';

const spec = sampleSpec();
const HOST_KEY = { type: 'ssh-ed25519', fingerprint: 'SHA256:abc' };

/** A node that answers once, and is gone when it is asked again. */
async function goneSession(name: string): Promise<NodeSession> {
  const connection = { hostKey: HOST_KEY, closed: Promise.resolve(undefined) } as unknown as Connection;
  const answers = [Promise.resolve(connection)];
  const gone = (): Promise<Connection> => Promise.reject(new Error(`${name} is gone`));
  const session = new NodeSession({
    name,
    open: () => answers.shift() ?? gone(),
    signal: new AbortController().signal,
  });
  await session.connection();
  await connection.closed;
  return session;
}

it('remembers nodes as they were read, and asks none of them again', async () => {
  const saved: NodeRecord[] = [];
  const work = spec.nodes.map((node, index): [string, NodeWork] => [
    node.name,
    { node, nodeIp: `10.146.225.${4 + index}`, facts: sampleFacts({ bootId: `boot-${node.name}` }) } as NodeWork,
  ]);
  const sessions = await Promise.all(spec.nodes.map(({ name }) => goneSession(name)));
  const context = {
    judgement: { record: {}, orders: { cluster: [] }, kubeconfig: '', work: new Map(work) } as unknown as Judgement,
    memory: { nodeRecords: new Map(), newCluster: true },
    cluster: clusterOf(sessions),
    options: {
      state: {
        saveCluster: async () => {},
        saveKubeconfig: async () => {},
        saveJumpHosts: async () => {},
        saveNodes: async (records: readonly NodeRecord[]) => void saved.push(...records),
      },
    },
  } as unknown as JudgedRun;
  expect(await recordIntent(context)).toBe('unchanged');
  const machine = { macs: ['52:54:00:12:34:56'] };
  expect(saved).toEqual([
    { name: 's4', bootId: 'boot-s4', hostKey: HOST_KEY, nodeIp: '10.146.225.4', arch: 'x86_64', machine },
    { name: 's5', bootId: 'boot-s5', hostKey: HOST_KEY, nodeIp: '10.146.225.5', arch: 'x86_64', machine },
    { name: 's6', bootId: 'boot-s6', hostKey: HOST_KEY, nodeIp: '10.146.225.6', arch: 'x86_64', machine },
  ]);
  expect([...context.memory.nodeRecords.values()]).toEqual(saved);
  // What was asked for is on record now: a later pass is within that life.
  expect(context.memory.newCluster).toBe(false);
});

it('nor one for which a member has no room: the snapshot twice, and the log of etcd', async () => {
  const [GIB, MIB] = [1024 ** 3, 1024 ** 2];
  const order = {
    do: 'begin-incarnation',
    incarnation: 2,
    members: ['s4'],
    discarded: [],
    why: 'all-blank',
    from: '1-7',
  };
  const taking = (facts: NodeFacts, wipe?: 'discarded') =>
    recordIntent({
      judgement: {
        record: {},
        orders: { cluster: [order], members: new Map([['s4', { do: 'bootstrap', ...(wipe && { wipe }) }]]) },
        work: new Map([['s4', { facts, encoding: 'zstd' }]]),
      },
      options: {
        state: { saveCluster: () => Promise.reject(new Error('recorded')) },
        backups: { archive: async () => ({ peakBytes: GIB }) },
      },
    } as unknown as JudgedRun);
  const etcdMount = (fstype: string, availableBytes: number) => ({
    '/var': sampleMount({ availableBytes: 9 * GIB }),
    '/var/lib/etcd': sampleMount({ path: '/var/lib/etcd', fstype, availableBytes }),
  });
  const full = sampleFacts({ mounts: etcdMount('tmpfs', GIB - 1), memAvailableBytes: 9 * GIB });
  const refused = { code: 'too-little-space', exit: 5, host: 's4' };
  await expect(taking(full)).rejects.toMatchObject({
    ...refused,
    message: "/var/lib/etcd (tmpfs) has 1024 MiB free, 1024 MiB are needed to restore etcd's data",
    hint: expect.stringContaining('mount -o remount'),
  });
  const held = { ...full, etcdData: { present: true, bytes: 5 * MIB } };
  await expect(taking(held)).rejects.toMatchObject(refused);
  await expect(taking(held, 'discarded')).rejects.toThrow('recorded');
  const busy = sampleFacts({ mounts: etcdMount('tmpfs', 2 * GIB), memAvailableBytes: GIB - 1 });
  await expect(taking(busy)).rejects.toMatchObject({ code: 'too-little-memory', exit: 5 });
  const onDisk = sampleFacts({ mounts: etcdMount('ext4', 2 * GIB), memAvailableBytes: GIB - 1 });
  await expect(taking(onDisk)).rejects.toThrow('recorded');
});

it('records no life that cannot be restored: nothing may be given up for it', async () => {
  const lacking = new Error('etcdutl cannot be had');
  const begin = {
    do: 'begin-incarnation',
    incarnation: 2,
    members: ['s4'],
    discarded: ['s4'],
    why: 'discarded',
    from: '1-7',
  };
  const asked: unknown[] = [];
  const context = {
    judgement: {
      record: {},
      orders: { cluster: [begin] },
      work: new Map([['s4', { facts: sampleFacts(), encoding: 'zstd' }]]),
    },
    options: {
      // Whatever is saved is not there to be called.
      state: {},
      backups: {
        archive: (wanted: unknown) => {
          asked.push(wanted);
          return Promise.reject(lacking);
        },
      },
    },
  } as unknown as JudgedRun;
  await expect(recordIntent(context)).rejects.toBe(lacking);
  expect(asked).toEqual([{ id: '1-7', arch: 'amd64', encoding: 'zstd' }]);
});
