import { backUp } from '../app/backup.js';
import { sshOfRequest } from '../app/ssh-of-request.js';
import type { SnapshotInfo } from '../backup/snapshot-info.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { toDisklessError } from '../errors.js';
import { inWords, type Work } from './work.js';

const RETRY_MS = 60_000;

/** One of the cluster as it is recorded by now. */
export async function keep(work: Work, reason: string): Promise<SnapshotInfo> {
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
export async function takeSnapshots(work: Work): Promise<void> {
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
      pause = Math.min(RETRY_MS, snapshotEveryMs);
      observer.tell(`no snapshot was taken: ${inWords(toDisklessError(thrown))}`);
    }
  }
}
