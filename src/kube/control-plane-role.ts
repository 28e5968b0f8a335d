import type { Taint } from './objects.js';

const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane';
const MASTER = 'node-role.kubernetes.io/master';

/** Label and taint keys of the role in all versions. */
export const CONTROL_PLANE_KEYS: readonly string[] = [CONTROL_PLANE, MASTER];

export interface RoleOptions {
  /** This minor still knows `node-role.kubernetes.io/master` (1.23 and before). */
  masterRole: boolean;
}

/** Those of one version, as its own manifests expect them. */
export function controlPlaneKeys({ masterRole }: RoleOptions): string[] {
  return masterRole ? [CONTROL_PLANE, MASTER] : [CONTROL_PLANE];
}

/** They keep ordinary pods away. */
export function controlPlaneTaints(options: RoleOptions): Taint[] {
  return controlPlaneKeys(options).map((key) => ({ key, effect: 'NoSchedule' }));
}
