import { describe, expect, it } from 'vitest';
import type { KubeNode, KubePod } from '../../src/kube/objects.js';
import { hasRoom, quantity } from '../../src/kube/room.js';

const node = (allocatable?: Record<string, string>): KubeNode => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 's5' },
  spec: {},
  status: { ...(allocatable && { allocatable }) },
});

const asks = (cpu: string, restartPolicy?: string) => ({
  resources: { requests: { cpu } },
  ...(restartPolicy && { restartPolicy }),
});

const pod = (spec: KubePod['spec'], phase = 'Running'): KubePod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a' },
  spec: { priority: 10, ...spec },
  status: { phase },
});

const WANTING = pod({ containers: [{ resources: { requests: { cpu: '50m', memory: '40Mi' } } }] });
const ONE_CPU = node({ cpu: '1', memory: '1Gi', pods: '110' });

describe('room for a pod', () => {
  it.each<[string, KubeNode, KubePod[], boolean]>([
    ['an empty node', ONE_CPU, [], true],
    ['exactly what is left', ONE_CPU, [pod({ containers: [asks('500m'), asks('450m')] })], true],
    ['a little too few processors', ONE_CPU, [pod({ containers: [asks('500m'), asks('451m')] })], false],
    ['too little memory', node({ cpu: '4', memory: '39Mi' }), [], false],
    ['no more pods', node({ cpu: '4', memory: '1Gi', pods: '1' }), [pod({})], false],
    ['pods that are over', ONE_CPU, [pod({ containers: [asks('1')] }, 'Succeeded')], true],
    ['pods that would make way', ONE_CPU, [pod({ priority: 9, containers: [asks('1')] })], true],
    ['pods without a priority make way, too', ONE_CPU, [{ ...pod({}), spec: { containers: [asks('1')] } }], true],
    ['init containers that need more than what runs later', ONE_CPU, [pod({ initContainers: [asks('960m')] })], false],
    ['and no more', ONE_CPU, [pod({ initContainers: [asks('900m'), asks('900m')], containers: [asks('1m')] })], true],
    [
      'sidecars beside the others',
      ONE_CPU,
      [pod({ initContainers: [asks('500m', 'Always')], containers: [asks('500m')] })],
      false,
    ],
    ['overhead of a sandbox', ONE_CPU, [pod({ overhead: { cpu: '960m' } })], false],
    ['a node that tells nothing', node(), [pod({ containers: [asks('9')] })], true],
  ])('%s', (_title, there, pods, has) => {
    expect(hasRoom({ pod: WANTING, node: there, there: pods })).toBe(has);
  });

  it.each([
    ['50m', 0.05],
    ['2', 2],
    ['1.5', 1.5],
    ['40Mi', 40 * 1024 ** 2],
    ['16Gi', 16 * 1024 ** 3],
    ['500k', 500_000],
    ['1e3', 1_000],
    ['1E', 1e18],
    ['100u', 0.0001],
  ])('reads %s', (text, value) => {
    expect(quantity(text)).toBeCloseTo(value, 9);
  });
});
