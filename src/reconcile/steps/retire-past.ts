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
 * exist.
 */
export async function retirePast(context: AtWork, place: StepPlace): Promise<Outcome> {
  const { survivor, facts } = context.work;
  if (!survivor) return 'unchanged';
  const { clusterId, etcd } = context.judgement.record;
  const what = `end what runs of incarnation ${facts.marker?.incarnation}`;
  const args = [PATHS.marker, clusterId, String(etcd.incarnation), ...UNITS_OF_AN_INCARNATION];
  await change(context, place, what, () =>
    context.cluster.session(place.node).runAsRoot(bashScript(SCRIPT, ...args), { label: what, timeoutMs: 120_000 }),
  );
  return 'changed';
}
