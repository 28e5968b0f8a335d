import type { StraySource } from '../backup/keep-stray.js';
import type { RestoreArchive } from '../backup/restore-archive.js';
import type { SnapshotInfo } from '../backup/snapshot-info.js';
import type { ChainProblem } from '../changelog/chain-problem.js';
import type { Replayed } from '../changelog/replay.js';
import type { Cluster } from '../cluster/cluster.js';
import type { Encoding } from '../delivery/segment.js';
import type { DisklessError } from '../errors.js';
import type { EtcdGateway } from '../etcd/gateway.js';
import type { Backup } from '../plan/etcd-facts.js';
import type { ClusterRecord } from '../state/records.js';

/** The snapshots of etcd as a run needs them; `plan` gets one that only looks. */
export interface Backups {
  /** What a next life would begin from; reads it through. `isNamed`: from what a person named. */
  look(record: ClusterRecord, asked: { isNamed: boolean; signal: AbortSignal }): Promise<Backup>;
  /** The highest revision that any of them has, or had: strays too, and one that is gone. Decimal; 0 without any. */
  knownRevision(): Promise<string>;
  /** Whether there is one of this life of the data. */
  has(incarnation: number): Promise<boolean>;
  /** It in words: how old it is, what it holds, and, unless it is taken alone, up to when the change log goes on from it. */
  describe(id: string, asked: { isAlone: boolean; signal: AbortSignal }): Promise<string>;
  /** What a node makes its data directory of. @throws DisklessError when the tool for it cannot be had */
  archive(wanted: { id: string; arch: string; encoding: Encoding }, signal: AbortSignal): Promise<RestoreArchive>;
  /**
   * Writes what the change log has beyond the snapshot that the record's life was restored from, through a quorum that no
   * apiserver uses yet; may be done again. Undefined: there is nothing, or a person wanted the snapshot alone.
   */
  replay(restored: { etcd: EtcdGateway; record: ClusterRecord; signal: AbortSignal }): Promise<Replayed | undefined>;
  /** Keeps a copy of one member's data that is to go. */
  stray(taken: {
    source: StraySource;
    /** As it was when the data was written. */
    record: ClusterRecord;
    reason: string;
    signal: AbortSignal;
  }): Promise<SnapshotInfo>;
  /** What keeps a life that begins from that copy from going on to where the change log ends; undefined: nothing. */
  logProblem(stray: SnapshotInfo, signal: AbortSignal): Promise<ChainProblem | undefined>;
  /** The directory of those copies, for people. */
  straysIn: string;
  /** Takes one of the cluster that runs, and lets go what nobody needs any more. */
  keep(taken: { cluster: Cluster; record: ClusterRecord; reason: string; signal: AbortSignal }): Promise<Kept>;
}

export interface Kept {
  snapshot: SnapshotInfo;
  /** Why the cache has not the tool that a restore of it needs. */
  withoutTool?: DisklessError;
}
