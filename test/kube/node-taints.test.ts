import { expect, test } from 'vitest';
import { isTolerated, passingTaint, repelling, taintText, troubleTaint } from '../../src/kube/node-taints.js';
import type { KubeNode, Taint } from '../../src/kube/objects.js';

const node = (spec: KubeNode['spec']): KubeNode => ({ apiVersion: 'v1', kind: 'Node', metadata: { name: 's4' }, spec });
const texts = (object: KubeNode): string[] => repelling(object).map(taintText);
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
  expect(texts(bearing(key))).toEqual([text]);
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
  expect([texts(node(spec)), passingTaint(node(spec))]).toEqual([[], undefined]);
  expect(texts(bearing('gpu', 'NoExecute'))).toEqual(['gpu:NoExecute']);
});

test('a cordon is named once, with or without the taint that its controller makes of it', () => {
  const taint: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
  for (const taints of [[], [taint]])
    expect(texts(node({ unschedulable: true, taints }))).toEqual(['node.kubernetes.io/unschedulable:NoSchedule']);
});

test('a value is shown', () => {
  const taints: Taint[] = [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }];
  expect(texts(node({ taints }))).toEqual(['dedicated=db:NoSchedule']);
});

test.each([
  [{ operator: 'Exists' }, true],
  [{ key: 'dedicated', operator: 'Exists' }, true],
  [{ key: 'dedicated', operator: 'Exists', effect: 'NoExecute' }, false],
  [{ key: 'other', operator: 'Exists' }, false],
  [{ key: 'dedicated', value: 'db' }, true],
  [{ key: 'dedicated', value: 'web', effect: 'NoSchedule' }, false],
  [{ key: 'dedicated' }, false],
])('dedicated=db:NoSchedule under the toleration %j: %s', (toleration, tolerated) => {
  const taint: Taint = { key: 'dedicated', value: 'db', effect: 'NoSchedule' };
  expect(isTolerated(taint, [toleration])).toBe(tolerated);
  expect(isTolerated(taint, [])).toBe(false);
});
