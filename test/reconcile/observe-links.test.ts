import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EtcdOrders } from '../../src/plan/etcd-order-types.js';
import type { JudgedRun } from '../../src/reconcile/context.js';
import type { NodeWork } from '../../src/reconcile/judgement.js';
import { observeLinks } from '../../src/reconcile/observe-links.js';
import { type Answer, clusterOf, fakeConnection, sessionOver } from '../cluster/fake-session.js';
import { execute } from '../e2e/helpers/cli.js';
import { sampleSpec } from '../helpers/sample-facts.js';
import { sampleOrders } from '../helpers/sample-orders.js';

const { signal } = new AbortController();
const IPS: Record<string, string> = { s4: '10.0.0.4', s5: '10.0.0.5', s6: '10.0.0.6', s7: '10.0.0.7' };

interface Scenario {
  orders?: EtcdOrders;
  /** What the node answers to the look. */
  unreached?: string[];
  answer?: Answer;
  /** The member of that node answers linearizable reads. */
  quorum?: boolean;
  leader?: string;
  /** We do not reach them ourselves. */
  gone?: string[];
}

async function runWith({ orders, unreached = [], answer, quorum = false, leader, gone = [] }: Scenario = {}) {
  const asked: string[] = [];
  const inputs: string[] = [];
  const words = unreached.flatMap((name) => [2380, 6443].map((port) => `reach=${IPS[name]}:${port}`));
  const script = words.map((word) => `failed ${word} no answer`).join('\n');
  const names = Object.keys(IPS);
  const sessions = names.map((name) => {
    const link = fakeConnection((told) => {
      asked.push(told.command);
      inputs.push(String(told.input));
      return answer?.(told) ?? { stdout: `Welcome!\n${script}\n` };
    });
    return sessionOver(name, [link], signal);
  });
  for (const session of sessions) if (!gone.includes(session.name)) await session.connection();
  const context = {
    signal,
    judgement: {
      orders: orders ?? sampleOrders({ quorum: { state: 'works', through: ['s4', 's5', 's6'] } }),
      peers: names.map((name) => ({ name, nodeIp: IPS[name], podCidr: '', controlPlane: name !== 's7' })),
      work: new Map(names.map((name) => [name, {} as NodeWork])),
    },
    cluster: clusterOf(sessions, {
      etcdOf: async (node: string) => ({
        linearizableRead: () => (quorum ? Promise.resolve({}) : Promise.reject(new Error('no leader'))),
        status: async () => ({ header: { memberId: node }, leader }),
      }),
    }),
    options: { spec: sampleSpec() },
  } as unknown as JudgedRun;
  return { asked, inputs, look: (node: string) => observeLinks(context, node, signal) };
}

describe('observeLinks', () => {
  it('a control plane that reaches no other member is cut off, and each is named', async () => {
    const { look, asked } = await runWith({ unreached: ['s4', 's5'] });
    expect(await look('s6')).toEqual({
      what: 'it reaches no other etcd member on port 2380 (s4 10.0.0.4, s5 10.0.0.5), though we reach them',
    });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain("'reach=10.0.0.4:2380' 'reach=10.0.0.5:2380'");
  });

  it.each<[string, Scenario]>([
    ['its own etcd has a quorum all the same', { unreached: ['s4', 's5'], quorum: true }],
    ['it reaches all', {}],
    ['it reaches the leader', { unreached: ['s4'], leader: 's5' }],
    ['nobody knows a leader', { unreached: ['s4'] }],
    ['we do not reach the others either', { unreached: ['s4', 's5'], gone: ['s4', 's5'] }],
    [
      'no quorum is there to be reached',
      { orders: sampleOrders({ quorum: { state: 'awaited', through: ['s4', 's5', 's6'] } }) },
    ],
  ])('it is not when %s', async (_title, scenario) => {
    const { look } = await runWith(scenario);
    expect(await look('s6')).toBeUndefined();
  });

  it('one that does not reach the leader is cut off as well', async () => {
    const { look } = await runWith({ unreached: ['s4'], leader: 's4' });
    expect(await look('s6')).toEqual({
      what: 'it does not reach the leader of etcd on port 2380 (s4 10.0.0.4), though we do',
    });
  });

  it('a worker needs any apiserver', async () => {
    const some = await runWith({ unreached: ['s4', 's5'] });
    expect(await some.look('s7')).toBeUndefined();
    const { look } = await runWith({ unreached: ['s4', 's5', 's6'] });
    expect((await look('s7'))?.what).toContain('it reaches no control plane on port 6443 (s4 10.0.0.4, s5');
  });

  it('where a cluster begins, those who begin it are needed', async () => {
    const orders = sampleOrders({ quorum: { state: 'made', through: ['s4', 's6'] } });
    const { look } = await runWith({ orders, unreached: ['s4'] });
    expect((await look('s6'))?.what).toContain('(s4 10.0.0.4)');
  });
});

describe('the look of a node', () => {
  let server: Server;
  beforeAll(async () => {
    server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => void server.close());

  it('a listener and a refusal are of machines that are reached, no way is not', async () => {
    const { look, asked, inputs } = await runWith({ answer: () => ({}) });
    await look('s7');
    const { port } = server.address() as AddressInfo;
    // No connection of TCP goes to a broadcast address.
    const command = (asked[0] ?? '')
      .replaceAll('6443', String(port))
      .replace('10.0.0.4', '127.0.0.1')
      .replace('10.0.0.5', '127.0.0.2')
      .replace('10.0.0.6', '255.255.255.255');
    const { stdout } = await execute('sh', ['-c', command], process.env, inputs[0]);
    expect(stdout).toMatch(new RegExp(`^failed reach=255.255.255.255:${port} .+\n$`));
  });
});
