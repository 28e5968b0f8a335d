import type { NodeSpec } from '../config/spec.js';
import { type DisklessError, EXIT } from '../errors.js';
import type { ReconcileResult } from '../reconcile/reconcile.js';
import type { NodeRecord } from '../state/records.js';
import type { DueInput, Machine } from './due.js';
import type { Sight } from './watch-machine.js';

interface Seen {
  sight: Sight | undefined;
  failures: number;
  failedAtMs: number;
}

/** What the daemon remembers of machines and runs while it lives. */
export interface DaemonMemory {
  saw(name: string, sight: Sight): void;
  /** A run of ours has ended. */
  ended(result: Pick<ReconcileResult, 'exit' | 'nodes' | 'errors'>): void;
  /** It could not even begin. */
  failed(): void;
  sightOf(name: string): Sight | undefined;
  /** For `due`. */
  look(nodes: readonly NodeSpec[], records: ReadonlyMap<string, NodeRecord>): DueInput;
}

export function createDaemonMemory(monotonicMs: () => number): DaemonMemory {
  const seen = new Map<string, Seen>();
  const beganMs = monotonicMs();
  let changedAtMs = beganMs;
  let hasRun = false;
  let cluster = { failures: 0, atMs: beganMs };
  const of = (name: string): Seen => {
    const known = seen.get(name) ?? { sight: undefined, failures: 0, failedAtMs: 0 };
    seen.set(name, known);
    return known;
  };
  const clusterFailed = (): void => {
    cluster = { failures: cluster.failures + 1, atMs: monotonicMs() };
  };
  return {
    saw(name, sight) {
      const known = of(name);
      const isSameBoot = known.sight?.kind === 'up' && sight.kind === 'up' && known.sight.bootId === sight.bootId;
      known.sight = sight;
      if (isSameBoot) return;
      // Another boot is another chance; so is a change anywhere for what failed as a whole.
      if (sight.kind === 'up') known.failures = 0;
      changedAtMs = monotonicMs();
      cluster = { failures: 0, atMs: changedAtMs };
    },
    ended({ exit, nodes, errors }) {
      hasRun = true;
      for (const { name, state } of nodes) {
        const known = of(name);
        const isWell = state === 'ready' || state === 'unchanged';
        if (isWell) known.failures = 0;
        else if (known.sight?.kind === 'up') {
          known.failures += 1;
          known.failedAtMs = monotonicMs();
        }
      }
      if (exit !== EXIT.done && errors.some(({ host }: DisklessError) => host === undefined)) clusterFailed();
      else cluster = { failures: 0, atMs: monotonicMs() };
    },
    failed: clusterFailed,
    sightOf: (name) => seen.get(name)?.sight,
    look: (nodes, records) => ({
      machines: nodes.map(({ name, role }): Machine => {
        const { sight, failures, failedAtMs } = of(name);
        return { name, role, sight, recordedBoot: records.get(name)?.bootId, failures, failedAtMs };
      }),
      hasRun,
      clusterFailures: cluster.failures,
      clusterFailedAtMs: cluster.atMs,
      changedAtMs,
      beganMs,
      nowMs: monotonicMs(),
    }),
  };
}
