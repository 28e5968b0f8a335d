import { isDeepStrictEqual } from 'node:util';
import { bringUp } from '../app/bring-up.js';
import { journal } from '../app/journal.js';
import { type RecordedCluster, recordedCluster } from '../cluster/recorded-cluster.js';
import { toDisklessError } from '../errors.js';
import { hasCode } from '../kube/api-errors.js';
import type { EventSink } from '../runner/events.js';
import { acquireLock } from '../state/lock.js';
import { readNodeRecords } from '../state/record-files.js';
import { requireInUse } from '../state/retired.js';
import { due } from './due.js';
import { DAEMON, inWords, type Work } from './work.js';

/** Somebody else is at work on the state. */
const LOCKED_MS = 2_000;
/** Where nobody wakes us: not every file system tells what others write. */
const LOOK_AGAIN_MS = 30_000;

/**
 * Returns when the record is of other nodes, or of others' ways to reach them.
 *
 * @throws refusals `state-retired`, `operator-superseded` once another copy of the state acts
 */
export async function runsWhenDue(work: Work): Promise<void> {
  const { state, recorded, memory, observer, bell, signal, clock } = work;
  while (!work.leave.aborted) {
    signal.throwIfAborted();
    await requireInUse(state);
    const { record } = await recordedCluster(state);
    if (!isDeepStrictEqual(reachOf(record), reachOf(recorded.record))) return;
    const next = due(memory.look(record, await readNodeRecords(state)));
    if (next.kind === 'now') {
      const againMs = await run(work, next.why);
      if (againMs !== undefined) await clock.sleep(againMs, signal);
      continue;
    }
    // Why the last run failed says more than that it is tried again.
    if (next.kind === 'nothing') observer.waits(undefined);
    else if (next.isFirst) observer.waits(next.waitsFor);
    const latestMs = clock.monotonicMs() + LOOK_AGAIN_MS;
    await bell.heard(signal, next.kind === 'later' ? Math.min(next.atMs, latestMs) : latestMs);
  }
}

const reachOf = ({ spec, clusterId }: RecordedCluster['record']) => ({ clusterId, ssh: spec.ssh, nodes: spec.nodes });

/** @returns after how long to look again where somebody else is at work */
async function run(work: Work, why: string): Promise<number | undefined> {
  const { request, place, unattended, observer, memory, clock, signal } = work;
  const view = work.openView();
  const sink: EventSink = (event) => {
    view.sink(event);
    observer.sink(event);
  };
  const now = () => new Date(clock.now());
  try {
    const { result } = await bringUp({
      request: { ...request, ...place, verify: false, newCluster: false },
      async lock(path) {
        const lock = await acquireLock({ path, command: DAEMON, now });
        observer.tell(`up: ${why}`);
        observer.waits(undefined);
        return lock;
      },
      sink,
      journal,
      onArtifact: view.onArtifact,
      unattended,
      signal,
    });
    signal.throwIfAborted();
    memory.ended(result);
    work.look.ring();
    work.kept.ring();
    const error = result.error ?? result.errors[0];
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
