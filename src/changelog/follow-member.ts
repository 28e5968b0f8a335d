import { DisklessError } from '../errors.js';
import type { EtcdGateway } from '../etcd/gateway.js';
import type { GrpcServer } from '../etcd/grpc.js';
import { ASK_EVERY_MS, watchAll } from '../etcd/watch.js';
import type { LogClock } from './log-clock.js';
import type { LogWriter } from './log-writer.js';
import type { Proofs } from './proofs.js';
import { recordsOf } from './records-of.js';

export interface FollowMemberOptions {
  gateway: EtcdGateway;
  server: GrpcServer;
  /** etcd's own ID, decimal. */
  etcdClusterId: string;
  writer: LogWriter;
  proofs: Proofs;
  clock: LogClock;
  /** Everything up to this moment, monotonic, is on the disk. */
  onProven: (atMs: number) => void;
  signal: AbortSignal;
}

/** What is further behind than this is not followed any more. */
const MOVE_AFTER_MS = 3_000;

/**
 * Appends what a member tells until it, the disk or the signal fails. How far behind the log is, is never assumed: every
 * half second a linearizable read through the same member tells a revision that holds all which was acknowledged until
 * then, by a quorum; once that revision is on the disk, the log holds everything up to the moment it was asked for.
 *
 * @throws DisklessError `log-lagging`, `log-hole`, `etcd-…`, `state-not-usable`; the signal's reason
 */
export async function followMember(options: FollowMemberOptions): Promise<never> {
  const { server, writer, proofs, clock, etcdClusterId: clusterId } = options;
  const own = new AbortController();
  const signal = AbortSignal.any([options.signal, own.signal]);
  /** Since it was caught up for the first time. */
  let provenMs: number | undefined;
  let isAsking = false;

  const sync = async (): Promise<void> => {
    await writer.sync();
    proofs.settle(writer.synced);
  };
  const proven = (atMs: number): void => {
    provenMs = atMs;
    options.onProven(atMs);
  };
  const prove = async (): Promise<void> => {
    const atMs = clock.monotonicMs();
    const known = writer.position;
    const header = await options.gateway.linearizableRead({ signal, timeoutMs: MOVE_AFTER_MS });
    // Of another etcd, or of this one put back, it proves nothing; that is told by the watch.
    if (header.clusterId !== clusterId || Number(header.revision) < known) return;
    proofs.add({ revision: Number(header.revision), reached: () => proven(atMs) });
    if (proofs.areDue(writer.position)) await sync();
  };
  const asked = (): void => {
    if (!isAsking) {
      isAsking = true;
      // A read that fails proves nothing, which is told by the lag.
      void prove()
        .catch(() => undefined)
        .finally(() => {
          isAsking = false;
        });
    }
    sync().catch((error: unknown) => own.abort(error));
    if (provenMs !== undefined && clock.monotonicMs() - provenMs > MOVE_AFTER_MS) own.abort(lagging(server));
  };

  const watch = { server, from: writer.position + 1, clusterId, signal, every: clock.every, onAsked: asked };
  asked();
  for await (const answer of watchAll(watch)) {
    await writer.append(recordsOf(answer, writer.position, clock.now()));
    if (proofs.areDue(writer.position)) await sync();
  }
  throw new Error('a watch ended without a reason');
}

function lagging({ label, host }: GrpcServer): DisklessError {
  return new DisklessError({
    code: 'log-lagging',
    message: `${label} did not prove for ${MOVE_AFTER_MS / 1000} s that the change log holds what is written`,
    host,
    hint: `it is asked every ${ASK_EVERY_MS} ms, and another member is followed: look at its load and at the link to it`,
  });
}
