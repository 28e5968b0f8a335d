import { type DisklessError, EXIT } from '../errors.js';
import type { ReconcileResult } from '../reconcile/reconcile.js';
import type { ClusterRecord, NodeRecord } from '../state/records.js';
import type { DueInput, Machine } from './due.js';
import type { Sight } from './watch-machine.js';

interface Seen {
  sight: Sight | undefined;
  /** The last one that it was seen in. */
  bootId: string | undefined;
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
  look(record: ClusterRecord, nodes: ReadonlyMap<string, NodeRecord>): DueInput;
}

export function createDaemonMemory(monotonicMs: () => number): DaemonMemory {
  const seen = new Map<string, Seen>();
  const beganMs = monotonicMs();
  let changedAtMs = beganMs;
  let ranAtMs = beganMs;
  let hasRun = false;
  let cluster = { failures: 0, atMs: beganMs };
  const of = (name: string): Seen => {
    const known = seen.get(name) ?? { sight: undefined, bootId: undefined, failures: 0, failedAtMs: 0 };
    seen.set(name, known);
    return known;
  };
  const clusterFailed = (): void => {
    ranAtMs = monotonicMs();
    cluster = { failures: cluster.failures + 1, atMs: monotonicMs() };
  };
  return {
    saw(name, sight) {
      const known = of(name);
      const wasUp = known.sight?.kind === 'up';
      known.sight = sight;
      if (sight.kind === 'down') {
        // Why it cannot be reached changes nothing.
        if (wasUp) changedAtMs = monotonicMs();
        return;
      }
      if (wasUp && known.bootId === sight.bootId) return;
      changedAtMs = monotonicMs();
      if (known.bootId === sight.bootId) return;
      // Another boot is another chance, for it and for what failed as a whole; that it was away is none.
      known.bootId = sight.bootId;
      known.failures = 0;
      cluster = { ...cluster, atMs: Number.NEGATIVE_INFINITY };
    },
    ended({ exit, nodes, errors }) {
      hasRun = true;
      ranAtMs = monotonicMs();
      let isExplained = false;
      for (const { name, state } of nodes) {
        const known = of(name);
        const isWell = state === 'ready' || state === 'unchanged';
        if (isWell) known.failures = 0;
        else {
          isExplained = true;
          if (known.sight?.kind !== 'up') continue;
          known.failures += 1;
          known.failedAtMs = monotonicMs();
        }
      }
      const isOfAll = errors.some(({ host }: DisklessError) => host === undefined) || !isExplained;
      if (exit !== EXIT.done && isOfAll) clusterFailed();
      else cluster = { failures: 0, atMs: monotonicMs() };
    },
    failed: clusterFailed,
    sightOf: (name) => seen.get(name)?.sight,
    look: ({ spec, etcd }, records) => ({
      isUnfinished: etcd.phase === 'bootstrapping',
      machines: spec.nodes.map(({ name, role }): Machine => {
        const { sight, failures, failedAtMs } = of(name);
        return { name, role, sight, recordedBoot: records.get(name)?.bootId, failures, failedAtMs };
      }),
      hasRun,
      clusterFailures: cluster.failures,
      clusterFailedAtMs: cluster.atMs,
      ranAtMs,
      changedAtMs,
      beganMs,
      nowMs: monotonicMs(),
    }),
  };
}
