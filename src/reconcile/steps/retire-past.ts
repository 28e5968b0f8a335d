import { UNITS_OF_AN_INCARNATION } from '../../components/roster.js';
import { PATHS } from '../../node/paths.js';
import { scriptText } from '../../node/script-text.js';
import type { Outcome, StepPlace } from '../../runner/sequence.js';
import { bashScript } from '../../ssh/bash-script.js';
import { change } from '../change.js';
import type { AtWork } from '../context.js';

const SCRIPT = scriptText('retire-past.bash');

/**
 * A node that stayed up while etcd was born anew runs pods, and holds tokens and watches, of objects that no longer
 * exist; or, where its past was restored, that may not.
 */
export async function retirePast(context: AtWork, place: StepPlace): Promise<Outcome> {
  const { survivor, facts } = context.work;
  if (!survivor) return 'unchanged';
  const { clusterId, etcd } = context.judgement.record;
  const was = facts.marker?.incarnation;
  const isRestored = etcd.origin !== undefined;
  const what = isRestored
    ? `stop what watches objects of incarnation ${was}; its pods stay as far as the restored past knows them`
    : `end what runs of incarnation ${was}`;
  const args = [PATHS.marker, clusterId, String(etcd.incarnation), isRestored ? 'keep' : 'end'];
  args.push(...UNITS_OF_AN_INCARNATION);
  await change(context, place, what, () =>
    context.cluster.session(place.node).runAsRoot(bashScript(SCRIPT, ...args), { label: what, timeoutMs: 120_000 }),
  );
  return 'changed';
}
