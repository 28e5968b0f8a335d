import { onAbort } from '../abort.js';
import type { SnapshotStore } from '../backup/snapshot-store.js';
import type { Cluster } from '../cluster/cluster.js';
import { DisklessError, EXIT, ownError } from '../errors.js';
import { ASK_EVERY_MS } from '../etcd/watch.js';
import { acquireLock } from '../state/lock.js';
import { followMember } from './follow-member.js';
import { type LogClock, SYSTEM_LOG_CLOCK } from './log-clock.js';
import { logStore, prepareLog, sweepLog } from './log-store.js';
import { type OpenLog, openLog } from './open-log.js';
import { Proofs } from './proofs.js';

/** Why a log cannot go on and a snapshot is asked for: there is none, or the code of the error that ended it. */
export type BaseReason = 'no-snapshot' | 'log-hole' | 'etcd-watch-compacted';

export interface LogState {
  /** Whose member is followed; undefined while none is. */
  node: string | undefined;
  /** The last revision on the operator's disk; undefined before there is a snapshot. */
  revision: number | undefined;
  /** For how long it is not known any more that the log holds everything; undefined: it never was, in this process. */
  lagMs: number | undefined;
  /** More than a second, or never known. */
  isRed: boolean;
  /** ID of the snapshot that it goes on from. */
  base: string | undefined;
  /** What went wrong last; gone once all is known to be kept again. */
  problem: DisklessError | undefined;
}

export interface FollowOptions {
  cluster: Pick<Cluster, 'etcdOf' | 'etcdStreamsOf' | 'quorumThrough'>;
  /** Names of the control planes, asked anew each time that one is chosen. */
  members: () => readonly string[];
  /** Of the cluster record. */
  clusterId: string;
  incarnation: number;
  /** Where its snapshots are; the log is in a directory below. */
  snapshots: SnapshotStore;
  /** Takes one into that store, newer than all there are, and returns once it counts. */
  takeSnapshot: (reason: BaseReason) => Promise<unknown>;
  /** Every half second, and whenever something changed. */
  onState: (state: LogState) => void;
  /** Default: the machine's. */
  clock?: LogClock;
  /** Ends it; all that was received is on the disk then. */
  signal: AbortSignal;
}

export interface Follower {
  /**
   * Once everything that was acknowledged before the call is on the operator's disk.
   *
   * @throws DisklessError `log-ended`; `log-of-another` where etcd is not that of the log; of a quorum that does not answer
   */
  flush(signal: AbortSignal): Promise<void>;
  /**
   * Resolves when the signal has ended it, rejects with what only a person can put right: `locked` while another one
   * follows, a refusal of `takeSnapshot`. Whatever else happens it goes on, and says so in its state; so it does where
   * etcd is another one by now (`etcd-watch-foreign`, `etcd-watch-behind`): whoever knows of the next incarnation ends it.
   */
  ended: Promise<void>;
}

const RED_AFTER_MS = 1_000;
/** Between attempts none of which came so far as to catch up. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
/** Between snapshots that are asked for: whatever ends a log again and again does not end in nothing but snapshots. */
const BASE_EVERY_MS = 10_000;
/** What a snapshot makes up for. It does not where etcd is another one than the log is of: that is of another incarnation. */
const ENDS_LOG: ReadonlySet<string> = new Set(['log-hole', 'etcd-watch-compacted']);

/** Keeps the change log of an incarnation, from its newest snapshot on, for as long as the signal lets it. */
export function followChanges(options: FollowOptions): Follower {
  const following = new Following(options);
  const ended = following.run();
  ended.catch(() => undefined);
  return { ended, flush: (signal) => following.flush(signal) };
}

class Following {
  readonly #options: FollowOptions;
  readonly #clock: LogClock;
  readonly #proofs = new Proofs();
  /** Ends whoever waits. */
  readonly #over = new AbortController();
  #log: OpenLog | undefined;
  /** The last revision that a log of before had on the disk. */
  #syncedTo: number | undefined;
  #wantsBase: BaseReason | undefined;
  #node: string | undefined;
  /** Where it failed last. */
  #avoided: string | undefined;
  #provenMs: number | undefined;
  #problem: DisklessError | undefined;
  #failures = 0;
  #basedMs: number | undefined;
  /** What ends it. */
  #refusal: DisklessError | undefined;

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_LOG_CLOCK;
  }

  async run(): Promise<void> {
    const { snapshots, signal } = this.#options;
    const store = logStore(snapshots);
    const now = () => new Date(this.#clock.now());
    const stop = this.#clock.every(ASK_EVERY_MS, () => this.#tell());
    try {
      await prepareLog(store);
      const lock = await acquireLock({ path: store.lock, command: 'the change log', now });
      try {
        await sweepLog(store);
        await this.#untilAborted();
      } finally {
        lock.release();
      }
    } finally {
      stop();
      this.#over.abort(signal.aborted ? signal.reason : ended());
    }
  }

  async flush(signal: AbortSignal): Promise<void> {
    const { cluster, members } = this.#options;
    const either = AbortSignal.any([signal, this.#over.signal]);
    const through = await cluster.quorumThrough(members(), either);
    const { revision, clusterId } = await through.linearizableRead({ signal: either });
    if (this.#log && clusterId !== this.#log.base.etcdClusterId) throw ofAnother(through.node);
    await new Promise<void>((resolve, reject) => {
      const remove = this.#proofs.add({
        revision: Number(revision),
        reached: () => {
          release();
          resolve();
        },
      });
      const release = onAbort(either, () => {
        remove();
        reject(either.reason);
      });
      this.#settle();
    });
  }

  async #untilAborted(): Promise<void> {
    const { signal } = this.#options;
    try {
      while (!signal.aborted) await this.#attempt().catch((thrown: unknown) => this.#after(thrown));
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await this.#close();
    }
  }

  async #attempt(): Promise<void> {
    const { cluster, members, signal } = this.#options;
    const { writer, base } = await this.#opened();
    this.#settle();
    const others = members().filter((name) => name !== this.#avoided);
    const gateway = await cluster.quorumThrough(others.length > 0 ? others : members(), signal);
    this.#node = gateway.node;
    this.#tell();
    await followMember({
      gateway,
      server: await cluster.etcdStreamsOf(gateway.node),
      etcdClusterId: base.etcdClusterId,
      writer,
      proofs: this.#proofs,
      clock: this.#clock,
      onProven: (atMs) => this.#proven(atMs),
      signal,
    });
  }

  /** The log as it goes on, with a new base where it cannot. */
  async #opened(): Promise<OpenLog> {
    const { snapshots, clusterId, incarnation, signal } = this.#options;
    const open = (): Promise<OpenLog | undefined> => {
      const syncedTo = this.#syncedTo;
      return openLog({ snapshots, store: logStore(snapshots), clusterId, incarnation, syncedTo, signal });
    };
    if (this.#wantsBase) await this.#takeBase(this.#wantsBase);
    this.#log ??= await open().catch((error: unknown) => {
      // It may be that nothing of what can be read could be brought there.
      this.#syncedTo ??= 0;
      throw error;
    });
    if (this.#log) return this.#log;
    await this.#takeBase('no-snapshot');
    this.#log = await open();
    if (this.#log) return this.#log;
    throw new Error(`a snapshot of incarnation ${incarnation} was taken and is not there`);
  }

  async #takeBase(reason: BaseReason): Promise<void> {
    const { takeSnapshot, signal } = this.#options;
    const sinceMs = this.#basedMs === undefined ? BASE_EVERY_MS : this.#clock.monotonicMs() - this.#basedMs;
    if (sinceMs < BASE_EVERY_MS) await this.#clock.sleep(BASE_EVERY_MS - sinceMs, signal);
    this.#basedMs = this.#clock.monotonicMs();
    await takeSnapshot(reason).catch((error: unknown) => {
      const { exit, code } = ownError(error);
      // Whoever else takes one has done so soon.
      if (exit === EXIT.refused && code !== 'locked') this.#refusal = ownError(error);
      throw error;
    });
    this.#wantsBase = undefined;
  }

  async #after(thrown: unknown): Promise<void> {
    const { signal } = this.#options;
    signal.throwIfAborted();
    const problem = ownError(thrown);
    if (problem === this.#refusal) throw problem;
    this.#problem = problem;
    this.#avoided = this.#node;
    this.#node = undefined;
    if (isBaseReason(problem.code)) this.#wantsBase = problem.code;
    // What was written last may not be whole, or not on the disk: it goes on from what is known to be there.
    if (this.#wantsBase || problem.code === 'state-not-usable') await this.#close();
    this.#tell();
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
    // One that was followed for a while is left for another one at once.
    if (this.#failures > 0) await this.#clock.sleep(pause, signal);
    this.#failures += 1;
  }

  #proven(atMs: number): void {
    this.#provenMs = Math.max(atMs, this.#provenMs ?? atMs);
    this.#failures = 0;
    this.#avoided = undefined;
    this.#problem = undefined;
  }

  #settle(): void {
    if (this.#log) this.#proofs.settle(this.#log.writer.synced);
  }

  async #close(): Promise<void> {
    const log = this.#log;
    this.#log = undefined;
    await log?.writer.close().catch((error: unknown) => {
      this.#problem = ownError(error);
    });
    if (log) this.#syncedTo = log.writer.synced;
  }

  #tell(): void {
    const lagMs = this.#provenMs === undefined ? undefined : this.#clock.monotonicMs() - this.#provenMs;
    this.#options.onState({
      node: this.#node,
      revision: this.#log?.writer.synced,
      lagMs,
      isRed: lagMs === undefined || lagMs > RED_AFTER_MS,
      base: this.#log?.base.id,
      problem: this.#problem,
    });
  }
}

const isBaseReason = (code: string): code is BaseReason => ENDS_LOG.has(code);

function ended(): DisklessError {
  return new DisklessError({ code: 'log-ended', message: 'the change log is not kept any more' });
}

function ofAnother(node: string): DisklessError {
  return new DisklessError({
    code: 'log-of-another',
    message: `the etcd of ${node} is not that of the change log: nothing of what it holds is in it`,
    host: node,
  });
}
