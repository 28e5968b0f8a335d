import type { Taint } from './objects.js';

/** The key of the role's label and taint. */
export const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane';

/** It keeps ordinary pods away. */
export const CONTROL_PLANE_TAINT: Taint = { key: CONTROL_PLANE, effect: 'NoSchedule' };
