import { snapshotStore } from '../backup/snapshot-store.js';
import { type BaseReason, type Follower, followChanges, type LogState } from '../changelog/follow.js';
import type { Cluster } from '../cluster/cluster.js';
import type { LogStatus } from '../cluster/cluster-status.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { controlPlanes } from '../config/spec.js';
import { DisklessError, toDisklessError } from '../errors.js';
import type { Clock } from '../reconcile/context.js';
import type { ClusterRecord } from '../state/records.js';
import type { StateDir } from '../state/state-dir.js';
import type { Bell } from './bell.js';

export interface FollowLogOptions {
  state: StateDir;
  cluster: Cluster;
  /** Rung when the record may be another. */
  bell: Bell;
  takeSnapshot: (reason: BaseReason) => Promise<unknown>;
  /** Every half second; undefined: nothing is followed, since etcd is not brought up. */
  onStatus: (status: LogStatus | undefined) => void;
  tell: (line: string) => void;
  clock: Clock;
  signal: AbortSignal;
}

/** What is followed just now, for who wants it on the disk. */
export interface LogOfServe {
  /** Ends with its signal only. */
  run(): Promise<never>;
  /** Everything that was acknowledged before is on the disk, as far as a quorum says what that is. @throws as `Follower.flush`, and `log-ended` while nothing is followed */
  flush(signal: AbortSignal): Promise<void>;
  /** As it was told last. */
  status(): LogStatus | undefined;
}

/** Between attempts after what only a person can put right, who may have done so. */
const RETRY_MS = 10_000;

/** The change log of whichever incarnation is recorded as open. */
export function followLog(options: FollowLogOptions): LogOfServe {
  const { state, bell, tell, clock, onStatus, signal } = options;
  let follower: Follower | undefined;
  let last: LogStatus | undefined;
  const told = (status: LogStatus | undefined): void => {
    last = status;
    onStatus(status);
  };
  return {
    status: () => last,
    async flush(own) {
      if (follower === undefined) throw notFollowed();
      await follower.flush(own);
    },
    async run() {
      for (;;) {
        const { record } = await recordedCluster(state);
        const { incarnation, phase } = record.etcd;
        if (phase !== 'bootstrapped') {
          told(undefined);
          await bell.heard(signal);
          continue;
        }
        const life = new AbortController();
        const sinceMs = clock.monotonicMs();
        const onState = (seen: LogState): void => told(statusOf(seen, clock.monotonicMs() - sinceMs));
        const either = AbortSignal.any([signal, life.signal]);
        follower = follow(options, { record, onState, signal: either });
        try {
          await Promise.race([follower.ended, untilAnother(options, incarnation, either)]);
        } catch (thrown) {
          signal.throwIfAborted();
          const { message } = toDisklessError(thrown);
          tell(`the change log is not kept: ${message}`);
          await clock.sleep(RETRY_MS, signal);
        } finally {
          life.abort(new DisklessError({ code: 'log-ended', message: 'another incarnation is followed from now on' }));
          await follower.ended.catch(() => undefined);
          follower = undefined;
        }
      }
    },
  };
}

/** @param triedMs For so long it has been tried: it may never have held everything */
function statusOf({ node = '', lagMs, isRed, problem }: LogState, triedMs: number): LogStatus {
  const why = problem?.message ?? (isRed ? 'what was written last is not on the operator yet' : undefined);
  return { node, lagMs: Math.round(lagMs ?? triedMs), ...(why !== undefined && { problem: why }) };
}

interface Following {
  record: ClusterRecord;
  onState: (state: LogState) => void;
  signal: AbortSignal;
}

function follow({ state, cluster, takeSnapshot }: FollowLogOptions, { record, onState, signal }: Following): Follower {
  const { clusterId, spec, etcd } = record;
  const { incarnation } = etcd;
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

/** Resolves when another life of etcd's data is recorded, or this one is not open any more. @throws the signal's reason */
async function untilAnother(
  { state, bell }: Pick<FollowLogOptions, 'state' | 'bell'>,
  incarnation: number,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const { etcd } = (await recordedCluster(state)).record;
    if (etcd.incarnation !== incarnation || etcd.phase !== 'bootstrapped') return;
    signal.throwIfAborted();
    await bell.heard(signal);
  }
}

function notFollowed(): DisklessError {
  return new DisklessError({ code: 'log-ended', message: 'no change log is kept just now: etcd is not brought up' });
}
