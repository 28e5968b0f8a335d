import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeSpec } from '../config/spec.js';
import { untilAborted } from '../http/abort.js';

/** Workers that answer later than this after the control planes are taken in by another pass. */
const GRACE_MS = 500;

/** Who has answered (or failed to) so far. */
export interface Attendance {
  settle(node: string): void;
  /** Resolves when all control planes have settled, and all workers too or their grace is over. */
  enough(signal: AbortSignal): Promise<void>;
}

/**
 * Nothing can be decided about etcd before every control plane was asked. A worker that is off must not hold up the
 * others for a connect timeout; `patient` waits for it all the same, since a plan has no second pass.
 */
export function createAttendance(
  nodes: readonly Pick<NodeSpec, 'name' | 'role'>[],
  options: { patient: boolean },
): Attendance {
  const settlers = new Map<string, () => void>();
  const settled = (role: NodeSpec['role']): Promise<unknown> =>
    Promise.all(
      nodes
        .filter((node) => node.role === role)
        .map(({ name }) => new Promise<void>((resolve) => void settlers.set(name, resolve))),
    );
  const controlPlanes = settled('control-plane');
  const workers = settled('worker');
  return {
    settle: (node) => settlers.get(node)?.(),
    async enough(signal) {
      await untilAborted(controlPlanes, signal);
      if (options.patient) return void (await untilAborted(workers, signal));
      const grace = new AbortController();
      await untilAborted(Promise.race([workers, sleep(GRACE_MS, undefined, { signal: grace.signal })]), signal);
      grace.abort();
    },
  };
}
