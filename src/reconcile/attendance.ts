import { untilAborted } from '../abort.js';
import type { NodeSpec } from '../config/spec.js';

/**
 * When nobody has been heard of for this long, the workers still missing are taken in by another pass. Counted in ticks:
 * an operator that got no processor for a while must not take its own sleep for theirs.
 */
const GRACE = { tickMs: 100, ticks: 5 };

/** Who has answered (or failed to) so far. */
export interface Attendance {
  /** Somebody was reached, though not read yet: they come one after the other when they are many. */
  heard(): void;
  settle(node: string): void;
  /** Resolves when all control planes have settled, and all workers too or there was no news of any for their grace. */
  enough(signal: AbortSignal): Promise<void>;
  /** Resolves when it was enough. */
  readonly closed: Promise<void>;
}

/**
 * Nothing can be decided about etcd before every control plane was asked. A worker that is off must not hold up the
 * others for a connect timeout; `patient` waits for it all the same.
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
  const grace = createGrace();
  let close = (): void => {};
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  return {
    closed,
    heard: grace.renew,
    settle(node) {
      settlers.get(node)?.();
      grace.renew();
    },
    async enough(signal) {
      await untilAborted(controlPlanes, signal);
      const over = options.patient ? [] : [grace.begin()];
      await untilAborted(Promise.race([workers, ...over]), signal).finally(grace.end);
      close();
    },
  };
}

interface Grace {
  /** Resolves when it was not renewed for its whole length. */
  begin(): Promise<void>;
  renew(): void;
  end(): void;
}

function createGrace(): Grace {
  let timer: NodeJS.Timeout | undefined;
  let silent = 0;
  const end = (): void => clearInterval(timer);
  const tick = (over: () => void): void => {
    silent += 1;
    if (silent < GRACE.ticks) return;
    end();
    over();
  };
  return {
    begin: () =>
      new Promise((resolve) => {
        silent = 0;
        timer = setInterval(() => tick(resolve), GRACE.tickMs);
      }),
    renew: () => {
      silent = 0;
    },
    end,
  };
}
