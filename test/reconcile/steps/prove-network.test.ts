import { describe, expect, it } from 'vitest';
import { proveNetwork, type Traffic } from '../../../src/reconcile/steps/prove-network.js';
import type { FailedGiving } from '../../../src/runner/sequence.js';
import { clusterOf, fakeConnection, sessionOver } from '../../cluster/fake-session.js';
import { sampleNode, sampleSpec } from '../../helpers/sample-facts.js';

const NODES = ['s4', 's5', 's6'].map((name, index) => sampleNode({ name, podCidr: `10.244.${index}.0/24` }));

interface Scenario {
  answer?: string;
  /** Those whose connections live beside its own. */
  connected?: string[];
  ready?: string[];
  dnsAnswers?: boolean;
}

async function runWith({
  answer = '',
  connected = ['s5', 's6'],
  ready = ['s4', 's5', 's6'],
  dnsAnswers = true,
}: Scenario) {
  const { signal } = new AbortController();
  const asked: string[] = [];
  const sessions = NODES.map(({ name }) => {
    const link = fakeConnection(({ command }) => {
      asked.push(`${name}: ${command}`);
      return { stdout: answer };
    });
    return sessionOver(name, [link], signal);
  });
  for (const session of sessions) if (connected.includes(session.name)) await session.connection();
  const context = {
    signal,
    cluster: clusterOf(sessions),
    ready: new Map(ready.map((name) => [name, {}])),
    work: { node: NODES[0] },
    dns: { answers: dnsAnswers, fails: false },
    options: {
      spec: sampleSpec({ nodes: NODES }),
      readyTimeoutMs: 180_000,
      clock: { sleep: () => new Promise(() => {}), monotonicMs: () => 0 },
    },
  } as unknown as Parameters<typeof proveNetwork>[0];
  const done = proveNetwork(context, { node: 's4', step: 'prove', signal, failed: new Set() });
  return { done, asked };
}

const broken = (address: string): string => `failed pods=${address}:10250 curl: (28) Connection timed out\n`;

describe('proveNetwork', () => {
  it('costs a node one round trip, in which it asks from its own address in the pod network', async () => {
    const { done, asked } = await runWith({});
    expect(await done).toMatchObject({ outcome: 'unchanged', gives: { tried: { length: 5 }, broken: [] } });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatch(/^s4: bash -s -- 30 4 \S+ 10\.244\.0\.1 'api=/);
    for (const way of ['dns=', 'pods=10.244.1.1:10250', 'pods=10.244.2.1:10250']) expect(asked[0]).toContain(way);
  });

  it('asks nobody who is not Ready, and no DNS that does not run', async () => {
    const { done, asked } = await runWith({ ready: ['s4', 's6'], dnsAnswers: false });
    await done;
    expect(asked[0]).not.toContain('10.244.1.1');
    expect(asked[0]).not.toContain('dns=');
  });

  it('names the pair and the way, with what it heard', async () => {
    const { done } = await runWith({ answer: broken('10.244.1.1') + broken('10.244.2.1') });
    const { outcome, gives, ...failure } = (await done) as FailedGiving<Traffic>;
    expect(outcome).toBe('failed');
    expect(failure.error).toMatchObject({
      code: 'network-broken',
      host: 's4',
      message:
        'from it no traffic comes through to the pod network of s5 (10.244.1.1), the pod network of s6 (10.244.2.1)',
      hint: expect.stringContaining('between s4 and s5'),
      detail: expect.stringContaining('the pod network of s6 (10.244.2.1): curl: (28) Connection timed out'),
    });
    expect(gives.broken.map(({ to }) => to)).toEqual(['s5', 's6']);
  });

  it('blames nobody for one that went away meanwhile, and counts nothing as proven', async () => {
    const { done } = await runWith({ answer: broken('10.244.1.1'), connected: ['s6'] });
    expect(await done).toMatchObject({ outcome: 'unchanged', gives: { tried: { length: 4 }, broken: [] } });
  });
});
