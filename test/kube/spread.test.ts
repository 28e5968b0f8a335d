import { describe, expect, it } from 'vitest';
import type { KubeNode, KubePod, Taint } from '../../src/kube/objects.js';
import { spreadOf } from '../../src/kube/spread.js';

const TOLERATIONS = [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' }];

interface NodeTraits {
  ready?: boolean;
  taints?: Taint[];
  unschedulable?: boolean;
}

const node = (name: string, { ready = true, ...spec }: NodeTraits = {}): KubeNode => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec,
  status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});

interface PodTraits {
  ready?: boolean;
  going?: boolean;
  phase?: string;
}

const pod = (name: string, nodeName?: string, { ready = true, going = false, phase = 'Running' }: PodTraits = {}) =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...(going && { deletionTimestamp: '2026-11-30T10:00:00Z' }) },
    spec: { ...(nodeName && { nodeName }) },
    status: { phase, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  }) satisfies KubePod;

const spread = (pods: KubePod[], nodes: KubeNode[], replicas = 2) =>
  spreadOf({ pods, nodes, replicas, tolerations: TOLERATIONS, nowMs: Date.parse('2026-11-30T12:00:00Z') });

const TWO = [node('s4'), node('s5')];
const TOGETHER = [pod('a', 's4'), pod('b', 's4')];
const tainted = (key: string) => node('s5', { taints: [{ key, effect: 'NoSchedule' }] });

describe('pods are spread', () => {
  it.each<[string, KubePod[], KubeNode[], number?]>([
    ['one each', [pod('a', 's4'), pod('b', 's5')], TWO],
    ['the only node there is', TOGETHER, [node('s4')]],
    ['a single one', [pod('a', 's4')], TWO, 1],
    ['as many as there are nodes', [pod('a', 's4'), pod('b', 's5'), pod('c', 's4')], TWO, 3],
    ['the other node is not Ready', TOGETHER, [node('s4'), node('s5', { ready: false })]],
    ['the other node is cordoned', TOGETHER, [node('s4'), node('s5', { unschedulable: true })]],
    ['a person keeps pods off the other node', TOGETHER, [node('s4'), tainted('dedicated')]],
    ['no node takes any', [], []],
  ])('%s', (_title, pods, nodes, replicas) => {
    expect(spread(pods, nodes, replicas)).toEqual({ kind: 'spread' });
  });
});

describe('pods that share a node', () => {
  it('part where another node takes them: one of those that works, while another does', () => {
    expect(spread(TOGETHER, TWO)).toEqual({ kind: 'crowded', evict: TOGETHER[0], node: 's4', others: [TWO[1]] });
    expect(spread(TOGETHER, [node('s4'), tainted('node-role.kubernetes.io/control-plane')]).kind).toBe('crowded');
  });

  it('part by the one that does not work', () => {
    const idle = pod('b', 's4', { ready: false });
    expect(spread([pod('a', 's4'), idle], TWO)).toMatchObject({ kind: 'crowded', evict: idle });
  });

  it('of three on two nodes, those on the crowded one', () => {
    const pods = [pod('a', 's5'), pod('b', 's4'), pod('c', 's4')];
    expect(spread(pods, [...TWO, node('s6')], 3)).toMatchObject({ kind: 'crowded', node: 's4' });
  });
});

it.each<[string, KubePod[], string]>([
  ['one has no node yet', [pod('a', 's4'), pod('b')], '1 of 2 pods have a node, of 2 that are wanted'],
  ['one is still to be made', [pod('a', 's4')], '1 of 1 pods have a node, of 2 that are wanted'],
  ['one is going', [pod('a', 's4'), pod('b', 's4', { going: true })], '1 of 1 pods have a node, of 2 that are wanted'],
  ['one has failed', [pod('a', 's4'), pod('b', 's4', { phase: 'Failed' })], '1 of 1 pods'],
  ['a rollout', [...TOGETHER, pod('c', 's4')], '3 of 3 pods have a node, of 2'],
])('nothing is evicted while that settles: %s', (_title, pods, why) => {
  expect(spread(pods, TWO)).toMatchObject({ kind: 'settling', why: expect.stringContaining(why) });
});

describe('a pod for which there is no node', () => {
  const readyAt = (name: string, lastTransitionTime: string): KubeNode => ({
    ...node(name),
    status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }] },
  });
  const unschedulable = (at: string, nominatedNodeName?: string): KubePod => ({
    ...pod('b'),
    status: {
      phase: 'Pending',
      ...(nominatedNodeName && { nominatedNodeName }),
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message: '0/2 nodes are available: 1 Insufficient cpu',
          lastTransitionTime: `2026-11-30T${at}Z`,
        },
      ],
    },
  });
  const nodes = (at: string): KubeNode[] => [node('s4'), readyAt('s5', `2026-11-30T${at}Z`)];

  it.each([
    ['found since the nodes are Ready', '11:59:58', '11:59:57'],
    ['found long ago, and the nodes came long ago', '10:00:00', '11:00:00'],
  ])('is told, and none is evicted: %s', (_title, found, ready) => {
    const why = 'no node takes b: 0/2 nodes are available: 1 Insufficient cpu';
    expect(spread([pod('a', 's4'), unschedulable(found)], nodes(ready))).toEqual({ kind: 'stuck', why });
  });

  it.each([
    ['a node has just come, and the scheduler may not have tried again', unschedulable('10:00:00'), '11:59:50'],
    ['others leave a node for its sake', unschedulable('11:59:58', 's5'), '10:00:00'],
  ])('is waited for: %s', (_title, waiting, ready) => {
    expect(spread([pod('a', 's4'), waiting], nodes(ready)).kind).toBe('settling');
  });
});
