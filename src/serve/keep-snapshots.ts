import { secureBackups, takeBackup } from '../app/backup.js';
import { sshOfRequest } from '../app/ssh-of-request.js';
import type { SnapshotInfo } from '../backup/snapshot-info.js';
import { listSnapshots, snapshotStore } from '../backup/snapshot-store.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { toDisklessError } from '../errors.js';
import { inWords, type Work } from './work.js';

const RETRY_MS = 60_000;
/** What is kept elsewhere is looked at this often, also where nothing new is here: a place may have been away. */
const SECURE_MS = 600_000;

/** One of the cluster as it is recorded by now. Nothing that is done with it afterwards is waited for. */
export async function keep(work: Work, reason: string): Promise<void> {
  const { state, request, observer, clock, signal, kept } = work;
  const { identity } = work.unattended;
  const recorded = await recordedCluster(state);
  const now = () => new Date(clock.now());
  const how = { ssh: sshOfRequest(request), identity, tell: observer.tell };
  const { snapshot } = await takeBackup({ recorded, ...how, reason, now, signal });
  work.look.ring();
  kept.ring();
  observer.tell(`snapshot ${snapshot.id} (${reason}): ${snapshot.objects} objects`);
}

/** The tool of a restore, and copies elsewhere: after each snapshot, whoever took it. */
export async function secureWhatIsKept({ state, place, observer, clock, kept, signal }: Work): Promise<never> {
  const now = () => new Date(clock.now());
  for (;;) {
    try {
      const recorded = await recordedCluster(state);
      const [newest] = (await listSnapshots(snapshotStore(state))).snapshots;
      if (newest) await secureBackups({ recorded, place, etcd: newest.etcd, tell: observer.tell, now, signal });
    } catch (thrown) {
      signal.throwIfAborted();
      observer.tell(`what snapshots need could not be looked after: ${inWords(toDisklessError(thrown))}`);
    }
    await kept.heard(signal, clock.monotonicMs() + SECURE_MS);
  }
}

/** After how many milliseconds the next one is due; a clock that leapt does not put it off. */
export function untilNext({ everyMs, newest, nowMs }: Due): number {
  const ageMs = newest === undefined ? everyMs : nowMs - Date.parse(newest.takenAt);
  return ageMs < 0 ? everyMs : Math.max(0, everyMs - ageMs);
}

interface Due {
  everyMs: number;
  newest: Pick<SnapshotInfo, 'takenAt'> | undefined;
  /** Wall clock, as in snapshots. */
  nowMs: number;
}

/** Every so often while the cluster works; what is changed by a run is kept by that run. */
export async function takeSnapshots(work: Work): Promise<never> {
  const { state, observer, clock, snapshotEveryMs: everyMs, signal } = work;
  const retryMs = Math.min(RETRY_MS, everyMs);
  for (;;) {
    await clock.sleep(retryMs, signal);
    // A run may have taken one meanwhile.
    for (let pause = await dueIn(); pause > 0; pause = await dueIn()) await clock.sleep(pause, signal);
    try {
      const { record } = await recordedCluster(state);
      if (record.etcd.phase === 'bootstrapped') await keep(work, 'serve');
    } catch (thrown) {
      signal.throwIfAborted();
      observer.tell(`no snapshot was taken: ${inWords(toDisklessError(thrown))}`);
    }
  }

  async function dueIn(): Promise<number> {
    const [newest] = (await listSnapshots(snapshotStore(state))).snapshots;
    return untilNext({ everyMs, newest, nowMs: clock.now() });
  }
}
