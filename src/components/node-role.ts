import { CONTROL_PLANE_TAINT } from '../kube/control-plane-role.js';
import type { Taint } from '../kube/objects.js';
import type { ComponentContext } from './context.js';

/** Taints a node registers with: none unless control planes are kept free of ordinary pods. */
export function roleTaints(context: Pick<ComponentContext, 'spec' | 'node'>): Taint[] {
  const tainted = context.spec.taintControlPlane && context.node.role === 'control-plane';
  return tainted ? [CONTROL_PLANE_TAINT] : [];
}

/** Labels outside kubernetes.io and k8s.io are free; of those inside, a kubelet may set only these. */
const ALLOWED = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
]);

/**
 * Whether `--node-labels` may hold this key: the kubelet exits otherwise. The rest is for the administrator to set.
 * Source: k8s.io/kubelet/pkg/apis/well_known_labels.go.
 */
export function kubeletMaySetLabel(key: string): boolean {
  const namespace = key.includes('/') ? key.slice(0, key.indexOf('/')) : '';
  const reserved = /(^|\.)(kubernetes|k8s)\.io$/.test(namespace);
  return !reserved || ALLOWED.has(key) || /(^|\.)(kubelet|node)\.kubernetes\.io$/.test(namespace);
}
