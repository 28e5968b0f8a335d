import { onAbort } from '../abort.js';
import { listBackups } from '../app/list-backups.js';
import { surveyCluster } from '../app/status.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { toDisklessError } from '../errors.js';
import { nightProblems } from './night.js';
import { inWords, type Work } from './work.js';

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

/** Nobody waits for it: machines may be coming back already. */
export async function lookAhead({ recorded, place, unattended, openView, observer, signal }: Work): Promise<void> {
  const { onArtifact, end } = openView();
  const problems = nightProblems({ recorded, place, identity: unattended.identity, onArtifact, signal }).finally(end);
  observer.lacks(await problems);
  // What goes on in the background ends with its signal only.
  await new Promise((_, reject) => onAbort(signal, () => reject(signal.reason)));
}
