import { describe, expect, it } from 'vitest';
import { kubeletMaySetLabel } from '../../src/components/node-role.js';

describe('labels a kubelet may give itself', () => {
  it.each([
    'rack',
    'example.org/rack',
    'notkubernetes.io/x',
    'kubernetes.io/hostname',
    'topology.kubernetes.io/zone',
    'node.kubernetes.io/anything',
    'sub.node.kubernetes.io/anything',
    'kubelet.kubernetes.io/x',
  ])('%s', (key) => expect(kubeletMaySetLabel(key)).toBe(true));

  it.each([
    'node-role.kubernetes.io/control-plane',
    'node-role.kubernetes.io/worker',
    'kubernetes.io/x',
    'k8s.io/x',
    'sub.k8s.io/x',
    'topology.kubernetes.io/rack',
  ])('not %s', (key) => expect(kubeletMaySetLabel(key)).toBe(false));
});
