import { expect, test } from 'vitest';
import { passingTaint, repelling, troubleTaint } from '../../src/kube/node-taints.js';
import type { KubeNode, Taint } from '../../src/kube/objects.js';

const node = (spec: KubeNode['spec']): KubeNode => ({ apiVersion: 'v1', kind: 'Node', metadata: { name: 's4' }, spec });
const bearing = (key: string, effect: Taint['effect'] = 'NoSchedule') => node({ taints: [{ key, effect }] });

test.each([
  ['node.kubernetes.io/not-ready', 'passing'],
  ['node.kubernetes.io/unreachable', 'passing'],
  ['node.kubernetes.io/network-unavailable', 'passing'],
  ['node.kubernetes.io/disk-pressure', 'trouble'],
  ['node.kubernetes.io/memory-pressure', 'trouble'],
  ['node.kubernetes.io/pid-pressure', 'trouble'],
  ['node.kubernetes.io/out-of-service', 'trouble'],
  // Whoever takes it off may be installed after `up` only.
  ['node.cloudprovider.kubernetes.io/uninitialized', 'trouble'],
  ['node.kubernetes.io/unschedulable', 'wanted'],
  ['node-role.kubernetes.io/control-plane', 'wanted'],
  ['gpu', 'wanted'],
])('%s: %s', (key, kind) => {
  const text = `${key}:NoSchedule`;
  expect(repelling(bearing(key))).toEqual([text]);
  expect(passingTaint(bearing(key))).toBe(kind === 'passing' ? text : undefined);
  expect(troubleTaint(bearing(key))).toBe(kind === 'trouble' ? text : undefined);
});

test('what every pod tolerates for a while, and what is a wish only, repels nobody', () => {
  const spec: KubeNode['spec'] = {
    taints: [
      { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' },
      { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' },
      { key: 'gpu', effect: 'PreferNoSchedule' },
    ],
  };
  expect([repelling(node(spec)), passingTaint(node(spec))]).toEqual([[], undefined]);
  expect(repelling(bearing('gpu', 'NoExecute'))).toEqual(['gpu:NoExecute']);
});

test('a cordon is named once, with or without the taint that its controller makes of it', () => {
  const taint: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
  expect(repelling(node({ unschedulable: true }))).toEqual(['node.kubernetes.io/unschedulable']);
  expect(repelling(node({ unschedulable: true, taints: [taint] }))).toEqual([
    'node.kubernetes.io/unschedulable:NoSchedule',
  ]);
});

test('a value is shown', () => {
  const taints: Taint[] = [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }];
  expect(repelling(node({ taints }))).toEqual(['dedicated=db:NoSchedule']);
});
