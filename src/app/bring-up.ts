import { isDeepStrictEqual } from 'node:util';
import type { OnArtifactProgress } from '../artifacts/progress.js';
import { EXIT } from '../errors.js';
import type { Unattended } from '../plan/preflight-unattended.js';
import type { ReconcileResult } from '../reconcile/reconcile.js';
import type { EventSink } from '../runner/events.js';
import type { Lock } from '../state/lock.js';
import { pruneRuns } from '../state/prune-runs.js';
import { readClusterRecord, readJumpHosts, readNodeRecords } from '../state/record-files.js';
import { requireInUse } from '../state/retired.js';
import { createRunDirectory, prepareStateDir, sweepTemporaryFiles } from '../state/state-dir.js';
import { type Advanced, advanceUpgrade } from './advance-upgrade.js';
import { flushDaemon } from './ask-daemon.js';
import { backupsOfRun } from './backups-of-run.js';
import { type RunInputs, readInputs } from './inputs.js';
import { noteSuperseded } from './note-superseded.js';
import { openPki } from './reconcile-input.js';
import type { ClusterRequest } from './requests.js';
import { runReconcile } from './run-reconcile.js';
import { persistentState } from './states.js';
import { takenOverMessage } from './taken-over.js';

export interface BringUpOptions {
  request: ClusterRequest;
  /** Takes the lock at this path; it is given back when nothing is done any more. */
  lock: (path: string) => Promise<Lock>;
  /** Who hears what happens. */
  sink: EventSink;
  /** Keeps what happens in the directory of this run. */
  journal: (directory: string) => EventSink;
  onArtifact: OnArtifactProgress;
  /** No person has asked for it, and none looks at it. */
  unattended?: Unattended;
  signal: AbortSignal;
}

export interface BroughtUp {
  result: ReconcileResult;
  inputs: RunInputs;
  /** Which stage of an upgrade is to follow, now that all nodes are through the one before. */
  upgrade?: Advanced;
}

/**
 * `up`: from what is there to what is asked for.
 *
 * @throws DisklessError of bad input and of what keeps it from beginning; what happens then is in the result
 */
export async function bringUp({
  request,
  lock,
  sink,
  journal,
  onArtifact,
  unattended,
  signal,
}: BringUpOptions): Promise<BroughtUp> {
  const read = () => inputsToActOn(request, signal, onArtifact);
  const seen = await read();
  await requireInUse(seen.state);
  await prepareStateDir(seen.state);
  const held = await lock(seen.state.lock);
  try {
    await requireInUse(seen.state);
    // What a restore would go on to is on the disk then; in vain where it is the daemon itself that asks.
    await flushDaemon(seen.state, signal);
    const inputs = await unlessStale(seen, read);
    await sweepTemporaryFiles(inputs.state);
    const directory = await createRunDirectory(inputs.state, new Date());
    await pruneRuns(inputs.state, directory);
    const pki = await openPki(inputs, 'persistent');
    const state = persistentState({ ...inputs, runDirectory: directory, pki });
    const { takenOverFrom } = held;
    const notes = takenOverFrom ? [{ code: 'lock-taken-over', message: takenOverMessage(takenOverFrom) }] : [];
    const sinks = [sink, journal(directory)];
    const backups = backupsOfRun({ inputs, pki, now: () => new Date() });
    try {
      const given = { command: 'up', inputs, request, state, backups, unattended, signal, sinks, notes } as const;
      const result = await runReconcile(given);
      await noteSuperseded(inputs.state, result.errors, new Date());
      // Nodes are drained for the next one, which nobody is to find out afterwards.
      const isThrough = inputs.record?.upgrade !== undefined && result.exit === EXIT.done && !unattended;
      const upgrade = isThrough ? await advanceUpgrade(inputs.state) : undefined;
      return { result, inputs, ...(upgrade && { upgrade }) };
    } finally {
      await backups.close();
    }
  } finally {
    held.release();
  }
}

/** Before anything is touched: a cluster that is not brought up any more is for `plan` to look at. */
async function inputsToActOn(
  request: ClusterRequest,
  signal: AbortSignal,
  onArtifact: OnArtifactProgress,
): Promise<RunInputs> {
  const inputs = await readInputs(request, signal, onArtifact);
  if (inputs.outdated) throw inputs.outdated;
  return inputs;
}

/** Another run may have ended between our reading its state and getting the lock. */
async function unlessStale(seen: RunInputs, again: () => Promise<RunInputs>): Promise<RunInputs> {
  const { state, record, nodeRecords, jumpHosts } = seen;
  const now = await Promise.all([readClusterRecord(state), readNodeRecords(state), readJumpHosts(state)]);
  const isSame = isDeepStrictEqual(now, [record, nodeRecords, jumpHosts]);
  return isSame ? seen : again();
}
