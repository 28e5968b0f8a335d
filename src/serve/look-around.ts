import { listBackups } from '../app/list-backups.js';
import { surveyCluster } from '../app/status.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { toDisklessError } from '../errors.js';
import { nightProblems } from './night.js';
import { inWords, type Work } from './work.js';

const LOOK_AHEAD_MS = 3_600_000;
const LOOK_MS = 30_000;
const LOOK_TOGETHER_MS = 1_000;

/** As `status` does, for whoever looks at the page: when something happened, and every so often. */
export async function lookAround({ state, spec, cluster, observer, look, clock, signal }: Work): Promise<void> {
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

/** Nobody waits for it: machines may be coming back already. Again and again: a disk fills, and a key goes. */
export async function lookAhead({ state, place, unattended, openView, observer, clock, signal }: Work): Promise<never> {
  for (;;) {
    const { onArtifact, end } = openView();
    const recorded = await recordedCluster(state);
    const problems = nightProblems({ recorded, place, identity: unattended.identity, onArtifact, signal }).finally(end);
    observer.lacks(await problems);
    await clock.sleep(LOOK_AHEAD_MS, signal);
  }
}
