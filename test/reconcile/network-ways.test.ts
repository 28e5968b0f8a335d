import { describe, expect, it } from 'vitest';
import type { NodeSpec } from '../../src/config/spec.js';
import { parseBroken, type WaysInput, waysOf } from '../../src/reconcile/network-ways.js';
import { sampleNode, sampleSpec } from '../helpers/sample-facts.js';

const nodesOf = (count: number): NodeSpec[] =>
  Array.from({ length: count }, (_, index) => sampleNode({ name: `n${index}`, podCidr: `10.244.${index}.0/24` }));

const [s4, s5, s6] = nodesOf(3) as [NodeSpec, NodeSpec, NodeSpec];
const words = (input: Partial<WaysInput>): string[] =>
  waysOf({ spec: sampleSpec(), node: s4, ready: [s4, s5, s6], dns: true, ...input }).map(({ word }) => word);

describe('the ways that a node tries', () => {
  it('are the API by both addresses, the cluster DNS, and the pod network of all others', () => {
    expect(words({})).toEqual([
      'api=169.254.77.1:6443',
      'api=10.96.0.1:443',
      'dns=10.96.0.10,kubernetes.default.svc.cluster.local,10.96.0.1',
      'pods=10.244.1.1:10250',
      'pods=10.244.2.1:10250',
    ]);
  });

  it('leave out a DNS that is not there to be asked, and a pod network that is not ours', () => {
    const { network } = sampleSpec();
    const spec = sampleSpec({ network: { ...network, mode: 'manifest', manifest: '/cni.yaml' } });
    expect(words({ spec, dns: false })).toEqual(['api=169.254.77.1:6443', 'api=10.96.0.1:443']);
  });

  it.each([2, 16, 17, 100])('with %i nodes connect all, and nobody is asked more often than another', (count) => {
    const nodes = nodesOf(count);
    const asked = new Map<string, number>();
    const reached = new Set(['n0']);
    for (const node of nodes) {
      const to = waysOf({ spec: sampleSpec(), node, ready: nodes, dns: false }).flatMap((way) => way.to ?? []);
      expect(to).not.toContain(node.name);
      expect(to).toHaveLength(count <= 16 ? count - 1 : 8);
      for (const name of to) asked.set(name, (asked.get(name) ?? 0) + 1);
      // In the order of the hosts, each is reached from one before it.
      expect(reached.has(node.name)).toBe(true);
      for (const name of to) reached.add(name);
    }
    expect(new Set(asked.values()).size).toBe(1);
    expect(asked.size).toBe(count);
  });
});

it('what the node says of its ways is read after whatever greets there', () => {
  const ways = waysOf({ spec: sampleSpec(), node: s4, ready: [s4, s5], dns: false });
  const said =
    'Welcome!\nfailed pods=10.244.1.1:10250 curl: (28) Connection timed out\nfailed pods=10.9.9.9:1 no such way\n';
  expect(parseBroken(said, ways)).toEqual([
    expect.objectContaining({
      to: 'n1',
      what: 'the pod network of n1 (10.244.1.1)',
      why: 'curl: (28) Connection timed out',
    }),
  ]);
});
