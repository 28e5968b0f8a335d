import type { KubePod } from './objects.js';

/** kubelets give these as the reason for which a container waits, and it waits longer each time. */
const BACKING_OFF = new Set([
  'CrashLoopBackOff',
  'ErrImageNeverPull',
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
]);

export function isPodReady({ status }: KubePod): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

/** Why its containers do not run, where the kubelet tries less and less often; undefined: it is worth waiting for. */
export function whyBackingOff({ status }: KubePod): string | undefined {
  const waiting = status?.containerStatuses?.map(({ state }) => state?.waiting);
  const found = waiting?.find((each) => each?.reason !== undefined && BACKING_OFF.has(each.reason));
  return found && [found.reason, found.message].filter(Boolean).join(': ');
}
