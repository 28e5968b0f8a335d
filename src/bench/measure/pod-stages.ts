import type { Stage } from '../record/terms.js';
import type { Pod } from './manifests.js';

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

/** From this minor on (beta, on by default) kubelets report the condition PodReadyToStartContainers. */
const SANDBOX_CONDITION_MINOR = 29;

/** The stages a watch of this Kubernetes version tells of. */
export function observableStages(kubernetes: string): Stage[] {
  const minor = Number(kubernetes.split('.')[1]);
  const sandbox: Stage[] = minor >= SANDBOX_CONDITION_MINOR ? ['sandboxReady'] : [];
  return ['sent', 'accepted', 'added', 'scheduled', ...sandbox, 'running', 'ready'];
}

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

/** Its kubelet says that all containers of a pod under deletion have ended. */
export function hasStopped({ metadata, status }: Pod): boolean {
  const { containerStatuses = [] } = status ?? {};
  return metadata.deletionTimestamp !== undefined && containerStatuses.length > 0 && containerStatuses.every(hasEnded);
}

/**
 * A kubelet before 1.22 may remove a container before it has told of its end. It then calls it waiting again, after a last
 * state that it could not find out, and goes on doing so until it next looks at all pods.
 */
function hasEnded({ state, lastState }: ContainerStatus): boolean {
  const isLostTrackOf = state?.running === undefined && lastState?.terminated?.reason === 'ContainerStatusUnknown';
  return state?.terminated !== undefined || isLostTrackOf;
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
