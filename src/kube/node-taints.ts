import type { KubeNode, Taint, Toleration } from './objects.js';

/**
 * Taken off again by Kubernetes itself, once what they stand for is over: by the node lifecycle controller, or with the
 * last one by the pod network. That of a cloud provider is none of them: whoever takes it off may come after `up`.
 */
const PASSING = new Set([
  'node.kubernetes.io/not-ready',
  'node.kubernetes.io/unreachable',
  'node.kubernetes.io/network-unavailable',
]);

/** Nobody's wish either, and without a time at which they are over: the machine lacks something. */
const TROUBLE = new Set([
  'node.kubernetes.io/memory-pressure',
  'node.kubernetes.io/disk-pressure',
  'node.kubernetes.io/pid-pressure',
  'node.kubernetes.io/out-of-service',
  'node.cloudprovider.kubernetes.io/uninitialized',
]);

/** Every pod gets tolerations of these from the apiserver, for 300 s (admission plugin DefaultTolerationSeconds). */
const TOLERATED = new Set(['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']);

/** All that keeps pods off a node that tolerate nothing of their own, whoever wants that; a cordon among it. */
export function repelling({ spec }: KubeNode): Taint[] {
  const taints = (spec.taints ?? []).filter(repels);
  const cordon = spec.unschedulable === true && !taints.some(({ key }) => key === CORDON.key);
  return cordon ? [...taints, CORDON] : taints;
}

/** core/v1 Toleration: no key tolerates every key, no effect every effect. */
export function isTolerated(taint: Taint, tolerations: readonly Toleration[]): boolean {
  return tolerations.some(({ key, operator = 'Equal', value = '', effect }) => {
    if (effect !== undefined && effect !== taint.effect) return false;
    if (key !== undefined && key !== taint.key) return false;
    return operator === 'Exists' || (operator === 'Equal' && value === (taint.value ?? ''));
  });
}

/** What keeps pods off only until a controller has caught up with the node; undefined: nothing does. */
export function passingTaint({ spec }: KubeNode): string | undefined {
  const taint = spec.taints?.find((each) => repels(each) && PASSING.has(each.key));
  return taint && taintText(taint);
}

/** What keeps pods off though nobody asked for it, and will not go by itself. */
export function troubleTaint({ spec }: KubeNode): string | undefined {
  const taint = spec.taints?.find((each) => repels(each) && TROUBLE.has(each.key));
  return taint && taintText(taint);
}

/** Its controller adds the taint to `spec.unschedulable` a moment later. */
const CORDON: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

function repels({ key, effect }: Taint): boolean {
  return effect === 'NoSchedule' || (effect === 'NoExecute' && !TOLERATED.has(key));
}

/** As kubectl writes it. */
export function taintText({ key, value, effect }: Taint): string {
  return `${key}${value ? `=${value}` : ''}:${effect}`;
}
