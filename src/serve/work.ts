import type { ContentPlace } from '../app/content.js';
import type { SshRequest, StateRequest } from '../app/requests.js';
import type { OnArtifactProgress } from '../artifacts/progress.js';
import type { ListedBackup } from '../backup/restorable.js';
import type { Cluster } from '../cluster/cluster.js';
import type { ClusterStatus, LogStatus } from '../cluster/cluster-status.js';
import type { RecordedCluster } from '../cluster/recorded-cluster.js';
import type { ClusterSpec } from '../config/spec.js';
import { type DisklessError, withHint } from '../errors.js';
import type { Unattended } from '../plan/preflight-unattended.js';
import type { Clock } from '../reconcile/context.js';
import type { EventSink } from '../runner/events.js';
import type { StateDir } from '../state/state-dir.js';
import type { Bell } from './bell.js';
import type { LogOfServe } from './follow-log.js';
import type { DaemonMemory } from './run-memory.js';
import type { Sight } from './watch-machine.js';

/** What the daemon calls itself in the locks that it holds. */
export const DAEMON = 'serve';

export interface ServeOptions {
  state: StateDir;
  /** Which cluster, and how it is reached; what it shall be is as recorded, and a person's `up` alone changes that. */
  request: StateRequest & SshRequest;
  place: ContentPlace;
  unattended: Unattended;
  /** Milliseconds between two snapshots while the cluster works. */
  snapshotEveryMs: number;
  /** Who shows one run. */
  openView: () => { sink: EventSink; onArtifact: OnArtifactProgress; end: () => Promise<void> };
  observer: ServeObserver;
  clock: Clock;
  /** Ends it when what it does just now is done. */
  leave: AbortSignal;
  signal: AbortSignal;
}

/** Who is told what happens, beside the runs themselves. */
export interface ServeObserver {
  /** A line for a person. */
  tell(line: string): void;
  /** It watches all machines, and acts. */
  ready(): void;
  /** What a night without people would fail for; empty: nothing that is known. */
  lacks(problems: readonly DisklessError[]): void;
  /** What it waits for; undefined: for nothing. */
  waits(reason: string | undefined): void;
  saw(name: string, sight: Sight): void;
  /** How the cluster was found just now, and what is kept of it. */
  looked(status: ClusterStatus, backups: readonly ListedBackup[]): void;
  /** How far the change log is; undefined where none is kept. Every half second. */
  logged(status: LogStatus | undefined): void;
  /** Sees each event of a run, too. */
  sink: EventSink;
}

/** What its parts share, as long as the record is of the same nodes. */
export interface Work extends ServeOptions {
  recorded: RecordedCluster;
  spec: ClusterSpec;
  cluster: Cluster;
  memory: DaemonMemory;
  /** Rung when `up` may be due. */
  bell: Bell;
  /** Rung when the cluster may be another than when it was last looked at. */
  look: Bell;
  /** Rung when there is another snapshot. */
  kept: Bell;
  log: LogOfServe;
}

/** For a person. */
export function inWords({ host, message, hint }: DisklessError): string {
  return `${host === undefined ? '' : `${host}: `}${withHint(message, hint)}`;
}
