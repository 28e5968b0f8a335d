import { watch } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { deadline, onAbort } from '../abort.js';
import { backUp } from '../app/backup.js';
import { bringUp } from '../app/bring-up.js';
import type { ContentPlace } from '../app/content.js';
import { journal } from '../app/journal.js';
import { listBackups } from '../app/list-backups.js';
import type { SshRequest, StateRequest } from '../app/requests.js';
import { sshOfRequest } from '../app/ssh-of-request.js';
import { surveyCluster } from '../app/status.js';
import type { OnArtifactProgress } from '../artifacts/progress.js';
import type { ListedBackup } from '../backup/restorable.js';
import type { SnapshotInfo } from '../backup/snapshot-info.js';
import type { LogState } from '../changelog/follow.js';
import type { Cluster } from '../cluster/cluster.js';
import type { ClusterStatus } from '../cluster/cluster-status.js';
import { openRecordedCluster, type RecordedCluster, recordedCluster } from '../cluster/recorded-cluster.js';
import type { ClusterSpec } from '../config/spec.js';
import { DisklessError, toDisklessError } from '../errors.js';
import { hasCode } from '../kube/api-errors.js';
import type { Unattended } from '../plan/preflight-unattended.js';
import type { Clock } from '../reconcile/context.js';
import type { EventSink } from '../runner/events.js';
import { requireKeyAlone } from '../ssh/login-alone.js';
import { acquireLock } from '../state/lock.js';
import { readNodeRecords } from '../state/record-files.js';
import type { StateDir } from '../state/state-dir.js';
import { type Bell, createBell } from './bell.js';
import { due } from './due.js';
import { followLog, type LogOfServe } from './follow-log.js';
import { nightProblems } from './night.js';
import { createDaemonMemory, type DaemonMemory } from './run-memory.js';
import { type Sight, watchMachine } from './watch-machine.js';

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
  logged(state: LogState | undefined): void;
  /** Sees each event of a run, too. */
  sink: EventSink;
}

/** A machine that lost power and is back again shows it at the next sign of life that it is asked for. */
const KEEPALIVE = { intervalMs: 1_000, countMax: 5 };
/** Somebody else is at work on the state. */
const LOCKED_MS = 2_000;
const SNAPSHOT_RETRY_MS = 60_000;
/** Where no quorum answers there is nothing to wait for. */
const FLUSH_MS = 1_000;
const LOOK_MS = 30_000;
const LOOK_TOGETHER_MS = 1_000;

/**
 * `serve`: sees machines come and go, brings back those that came back blank by the same use case as `up`, and keeps
 * snapshots. Holds the state's lock only while it acts; whoever calls it holds that of the daemon. Ends with either of its
 * signals.
 *
 * @throws usage error where no cluster is recorded, and of an identity that cannot be used alone
 */
export async function serve(options: ServeOptions): Promise<void> {
  const { identity } = options.unattended;
  if (identity !== undefined) await requireKeyAlone(identity);
  try {
    const memory = createDaemonMemory(options.clock.monotonicMs);
    while (!options.leave.aborted) await untilRecordChanges(options, memory);
  } catch (error) {
    if (!options.signal.aborted) throw error;
  }
}

/** Its nodes, and how they are reached, as long as that is as recorded. */
async function untilRecordChanges(options: ServeOptions, memory: DaemonMemory): Promise<void> {
  const { request, state, observer, signal } = options;
  const recorded = await recordedCluster(state);
  const life = new AbortController();
  const either = AbortSignal.any([signal, life.signal]);
  const bell = createBell(options.clock.monotonicMs);
  const onRecord = createBell(options.clock.monotonicMs);
  const files = watchFiles(state, [bell, onRecord]);
  const release = onAbort(options.leave, () => bell.ring());
  const ssh = sshOfRequest(request);
  const tell = observer.tell;
  const { identity } = options.unattended;
  const how = { ssh, identity, tell, keepalive: KEEPALIVE, signal: either };
  const { spec, cluster } = await openRecordedCluster(recorded, how);
  const look = createBell(options.clock.monotonicMs);
  const log = followLog({
    state,
    cluster,
    bell: onRecord,
    takeSnapshot: (reason) => keep(work, `log: ${reason}`),
    onState: observer.logged,
    tell,
    sleep: options.clock.sleep,
    signal: either,
  });
  const work: Work = { ...options, signal: either, recorded, spec, cluster, memory, bell, look, log };
  const { nodes } = recorded.record.spec;
  const background = [
    ...nodes.map(({ name }) => followMachine(work, name)),
    takeSnapshots(work),
    lookAhead(work),
    lookAround(work),
    log.run(),
  ];
  const ended = Promise.allSettled(background);
  try {
    observer.ready();
    await Promise.race([runsWhenDue(work), Promise.race(background)]);
  } finally {
    life.abort(new DisklessError({ code: 'interrupted', message: 'the daemon looks at its state anew' }));
    files.close();
    release();
    await ended;
    await cluster.close();
  }
}

interface Work extends ServeOptions {
  recorded: RecordedCluster;
  spec: ClusterSpec;
  cluster: Cluster;
  memory: DaemonMemory;
  /** Rung when `up` may be due. */
  bell: Bell;
  /** Rung when the cluster may be another than when it was last looked at. */
  look: Bell;
  log: LogOfServe;
}

/** Nobody waits for it: machines may be coming back already. */
async function lookAhead({ recorded, place, unattended, openView, observer, signal }: Work): Promise<void> {
  const { onArtifact, end } = openView();
  const problems = nightProblems({ recorded, place, identity: unattended.identity, onArtifact, signal }).finally(end);
  observer.lacks(await problems);
  // What goes on in the background ends with its signal only.
  await new Promise((_, reject) => onAbort(signal, () => reject(signal.reason)));
}

/** Whoever writes to the state wakes those who look at it. */
function watchFiles({ root, nodes }: StateDir, bells: readonly Bell[]): { close(): void } {
  const ring = (): void => {
    for (const bell of bells) bell.ring();
  };
  const watchers = [root, nodes].map((directory) => watch(directory, ring));
  return {
    close() {
      for (const watcher of watchers) watcher.close();
    },
  };
}

async function followMachine(work: Work, name: string): Promise<void> {
  const { cluster, memory, bell, look, observer, clock, signal } = work;
  await watchMachine({
    connect: () => cluster.session(name).connection(),
    sleep: clock.sleep,
    monotonicMs: clock.monotonicMs,
    onSight(sight) {
      memory.saw(name, sight);
      observer.saw(name, sight);
      bell.ring();
      look.ring();
    },
    signal,
  });
}

/** As `status` does, for whoever looks at the page: when something happened, and every so often. */
async function lookAround({ state, spec, cluster, observer, look, clock, signal }: Work): Promise<void> {
  for (;;) {
    try {
      const recorded = await recordedCluster(state);
      const { status } = await surveyCluster({ recorded, spec, cluster, signal });
      observer.looked(status, (await listBackups(recorded)).backups);
    } catch (thrown) {
      signal.throwIfAborted();
      observer.tell(`the cluster could not be looked at: ${inWords(toDisklessError(thrown))}`);
    }
    await look.heard(signal, clock.monotonicMs() + LOOK_MS);
    // What comes together is looked at together.
    await clock.sleep(LOOK_TOGETHER_MS, signal);
  }
}

/** Returns when the record is of other nodes, or of others' ways to reach them. */
async function runsWhenDue(work: Work): Promise<void> {
  const { state, recorded, memory, observer, bell, signal, clock } = work;
  while (!work.leave.aborted) {
    signal.throwIfAborted();
    const { record } = await recordedCluster(state);
    if (!isDeepStrictEqual(reachOf(record), reachOf(recorded.record))) return;
    const next = due(memory.look(record.spec.nodes, await readNodeRecords(state)));
    if (next.kind === 'now') {
      const againMs = await run(work, next.why);
      if (againMs !== undefined) await bell.heard(signal, clock.monotonicMs() + againMs);
      continue;
    }
    if (next.kind === 'later') observer.waits(next.waitsFor);
    await bell.heard(signal, next.kind === 'later' ? next.atMs : undefined);
  }
}

const reachOf = ({ spec, clusterId }: RecordedCluster['record']) => ({ clusterId, ssh: spec.ssh, nodes: spec.nodes });

/** @returns after how long to look again where somebody else is at work */
async function run(work: Work, why: string): Promise<number | undefined> {
  const { request, place, unattended, observer, memory, clock, signal } = work;
  observer.tell(`up: ${why}`);
  observer.waits(undefined);
  const view = work.openView();
  const sink: EventSink = (event) => {
    view.sink(event);
    observer.sink(event);
  };
  const now = () => new Date(clock.now());
  try {
    await flushed(work);
    const { result } = await bringUp({
      request: { ...request, ...place, verify: false, newCluster: false },
      lock: (path) => acquireLock({ path, command: 'serve', now }),
      sink,
      journal,
      onArtifact: view.onArtifact,
      unattended,
      signal,
    });
    signal.throwIfAborted();
    memory.ended(result);
    work.look.ring();
    const [error] = result.errors;
    if (error !== undefined) observer.waits(inWords(error));
    return undefined;
  } catch (thrown) {
    signal.throwIfAborted();
    const error = toDisklessError(thrown);
    observer.waits(inWords(error));
    if (hasCode(error, 'locked')) return LOCKED_MS;
    observer.tell(`up could not begin: ${inWords(error)}`);
    memory.failed();
    return undefined;
  } finally {
    await view.end();
  }
}

/** What a restore would go on to is on the disk, where a quorum still says what that is. */
async function flushed({ log, signal }: Work): Promise<void> {
  const limit = deadline({ parent: signal, ms: FLUSH_MS });
  await log.flush(limit.signal).catch(() => signal.throwIfAborted());
  limit.release();
}

/** One of the cluster as it is recorded by now. */
async function keep(work: Work, reason: string): Promise<SnapshotInfo> {
  const { state, request, place, observer, clock, signal } = work;
  const { identity } = work.unattended;
  const recorded = await recordedCluster(state);
  const now = () => new Date(clock.now());
  const how = { ssh: sshOfRequest(request), identity, place, tell: observer.tell };
  const { snapshot } = await backUp({ recorded, ...how, reason, now, signal });
  work.look.ring();
  observer.tell(`snapshot ${snapshot.id} (${reason}): ${snapshot.objects} objects`);
  return snapshot;
}

/** Every so often while the cluster works; what is changed by a run is kept by that run. */
async function takeSnapshots(work: Work): Promise<void> {
  const { state, observer, clock, snapshotEveryMs, signal } = work;
  let pause = snapshotEveryMs;
  for (;;) {
    await clock.sleep(pause, signal);
    pause = snapshotEveryMs;
    try {
      const { record } = await recordedCluster(state);
      if (record.etcd.phase === 'bootstrapped') await keep(work, 'serve');
    } catch (thrown) {
      signal.throwIfAborted();
      pause = Math.min(SNAPSHOT_RETRY_MS, snapshotEveryMs);
      observer.tell(`no snapshot was taken: ${inWords(toDisklessError(thrown))}`);
    }
  }
}

function inWords({ host, message, hint }: DisklessError): string {
  return `${host === undefined ? '' : `${host}: `}${message}${hint === undefined ? '' : ` (${hint})`}`;
}
