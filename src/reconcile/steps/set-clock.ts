import { clockHasToBeSet } from '../../plan/preflight-clock.js';
import type { Outcome, StepPlace } from '../../runner/sequence.js';
import { change } from '../change.js';
import type { AtWork } from '../context.js';

/**
 * A machine that forgets everything may wake up years ago: certificates would not be valid yet. Its own time service, if
 * it has one, corrects what is left.
 */
export async function setClock(context: AtWork, place: StepPlace): Promise<Outcome> {
  const { facts } = context.work;
  if (!clockHasToBeSet(facts)) return 'unchanged';
  const offSeconds = Math.round(facts.clockSkewMs / 1000);
  await change(
    context,
    place,
    `correct the clock, which was ${Math.abs(offSeconds)} s ${offSeconds > 0 ? 'ahead' : 'behind'}`,
    () => {
      const command = (): string => `date -u -s @${(context.options.clock.now() / 1000).toFixed(3)}`;
      return context.cluster.session(place.node).runAsRoot(() => ({ command: command() }), { label: 'set the clock' });
    },
  );
  return 'changed';
}
