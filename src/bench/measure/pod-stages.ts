import type { Stage } from '../record/terms.js';
import type { Pod } from './manifests.js';

/** What an object as the watch shows it has reached. */
export function stagesReached(pod: Pod): Stage[] {
  const { conditions = [], containerStatuses = [] } = pod.status ?? {};
  const holds = (type: string): boolean => conditions.some((each) => each.type === type && each.status === 'True');
  const started = containerStatuses.length > 0 && containerStatuses.every(({ state }) => state?.running !== undefined);
  return [
    'added',
    ...(pod.spec.nodeName === undefined ? [] : (['scheduled'] as const)),
    ...(holds('PodReadyToStartContainers') ? (['sandboxReady'] as const) : []),
    ...(started ? (['running'] as const) : []),
    ...(holds('Ready') ? (['ready'] as const) : []),
  ];
}

/** Why a pod does not start, in the kubelet's words; undefined while nothing speaks against it. */
export function complaintOf({ status }: Pod): string | undefined {
  for (const { state } of status?.containerStatuses ?? []) {
    const { reason, message } = state?.waiting ?? {};
    if (reason !== undefined && !['ContainerCreating', 'PodInitializing'].includes(reason))
      return message === undefined ? reason : `${reason}: ${message}`;
    if (state?.terminated !== undefined) return `its container ended: ${state.terminated.reason ?? 'no reason given'}`;
  }
  return status?.phase === 'Failed' ? (status.message ?? 'its phase is Failed') : undefined;
}
