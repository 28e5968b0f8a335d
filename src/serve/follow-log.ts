import { snapshotStore } from '../backup/snapshot-store.js';
import { type BaseReason, type Follower, followChanges, type LogState } from '../changelog/follow.js';
import type { Cluster } from '../cluster/cluster.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { controlPlanes } from '../config/spec.js';
import { DisklessError, toDisklessError } from '../errors.js';
import type { ClusterRecord } from '../state/records.js';
import type { StateDir } from '../state/state-dir.js';
import type { Bell } from './bell.js';

export interface FollowLogOptions {
  state: StateDir;
  cluster: Cluster;
  /** Rung when the record may be another. */
  bell: Bell;
  takeSnapshot: (reason: BaseReason) => Promise<unknown>;
  /** undefined: nothing is followed, since etcd is not brought up. */
  onState: (state: LogState | undefined) => void;
  tell: (line: string) => void;
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  signal: AbortSignal;
}

/** What is followed just now, for who wants it on the disk. */
export interface LogOfServe {
  /** Ends with its signal only. */
  run(): Promise<never>;
  /** Everything that was acknowledged before is on the disk, as far as a quorum says what that is. @throws as `Follower.flush` */
  flush(signal: AbortSignal): Promise<void>;
}

/** Between attempts after what only a person can put right, who may have done so. */
const RETRY_MS = 10_000;

/** The change log of whichever incarnation is recorded as open. */
export function followLog(options: FollowLogOptions): LogOfServe {
  const { state, bell, tell, sleep, onState, signal } = options;
  let follower: Follower | undefined;
  return {
    async flush(own) {
      await follower?.flush(own);
    },
    async run() {
      for (;;) {
        const { record } = await recordedCluster(state);
        const { incarnation, phase } = record.etcd;
        if (phase !== 'bootstrapped') {
          onState(undefined);
          await bell.heard(signal);
          continue;
        }
        const life = new AbortController();
        follower = follow(options, record, AbortSignal.any([signal, life.signal]));
        try {
          await Promise.race([follower.ended, untilAnother(options, incarnation)]);
        } catch (thrown) {
          signal.throwIfAborted();
          const { message } = toDisklessError(thrown);
          tell(`the change log is not kept: ${message}`);
          await sleep(RETRY_MS, signal);
        } finally {
          life.abort(new DisklessError({ code: 'log-ended', message: 'another incarnation is followed from now on' }));
          await follower.ended.catch(() => undefined);
          follower = undefined;
        }
      }
    },
  };
}

function follow(
  { state, cluster, takeSnapshot, onState }: FollowLogOptions,
  { clusterId, spec, etcd: { incarnation } }: ClusterRecord,
  signal: AbortSignal,
): Follower {
  // Another list of them has the daemon begin anew.
  const names = controlPlanes(spec).map(({ name }) => name);
  const snapshots = snapshotStore(state);
  return followChanges({
    cluster,
    members: () => names,
    clusterId,
    incarnation,
    snapshots,
    takeSnapshot,
    onState,
    signal,
  });
}

/** Resolves when another life of etcd's data is recorded, or this one is not open any more. */
async function untilAnother({ state, bell, signal }: FollowLogOptions, incarnation: number): Promise<void> {
  for (;;) {
    const { etcd } = (await recordedCluster(state)).record;
    if (etcd.incarnation !== incarnation || etcd.phase !== 'bootstrapped') return;
    await bell.heard(signal);
  }
}
