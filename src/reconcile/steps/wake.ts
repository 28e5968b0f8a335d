import { toDisklessError } from '../../errors.js';
import { PATHS } from '../../node/paths.js';
import { scriptText } from '../../node/script-text.js';
import { membersToStart } from '../../plan/etcd-orders.js';
import type { StepPlace, StepResult } from '../../runner/sequence.js';
import { bashScript } from '../../ssh/bash-script.js';
import { change } from '../change.js';
import { checkedMachines } from '../checked-machines.js';
import { knownLists } from '../etcd-lists.js';
import { answering, runningMembers, seenEtcd } from '../observe-etcd.js';
import type { Reconciliation } from '../reconciliation.js';
import { foreignNodes } from '../refuse-foreign.js';
import { warningOf } from '../warning-of.js';

const UNIT = 'etcd.service';
const WAKE = scriptText('wake-etcd.bash');

/**
 * Starts stopped members before anything is judged, without their apiservers and with what their machines hold: it may
 * be them that a quorum lacks. One that cannot be started is judged as it is.
 */
export async function wake(context: Reconciliation, place: StepPlace): Promise<StepResult> {
  const { options, memory } = context;
  const { record } = memory;
  if (record === undefined || options.outdated !== undefined || !hasStopped(context)) return 'unchanged';
  const { fit } = await checkedMachines(context);
  // What will be refused is not touched.
  if (foreignNodes(fit, record).length > 0 || answering(context, options.lost).length > 0) {
    return 'unchanged';
  }
  const seen = seenEtcd(context, fit, record.clusterId);
  if (membersToStart(seen).length === 0) return 'unchanged';
  const lists = await knownLists(context, runningMembers(seen));
  await Promise.all(
    membersToStart({ ...seen, lists }).map((node) =>
      start(context, { ...place, node }).catch((thrown) => {
        context.signal.throwIfAborted();
        context.bus.emit(warningOf(node, toDisklessError(thrown)));
      }),
    ),
  );
  return context.woken.size > 0 ? 'changed' : 'unchanged';
}

/** A look at what was read, for the many runs in which there is nothing to start. */
function hasStopped({ facts }: Reconciliation): boolean {
  return [...facts.values()].some(({ etcdData, units }) => etcdData.present && units[UNIT]?.active !== 'active');
}

/** It is not waited for: it serves clients once there is a quorum. */
async function start(context: Reconciliation, place: StepPlace): Promise<void> {
  const { node } = place;
  const facts = context.facts.get(node);
  const script = bashScript(
    WAKE,
    `${PATHS.etcdData}/k8s-diskless`,
    facts?.etcdData.marker ?? '',
    `${PATHS.marker}/etcd.lock`,
  );
  await change(context, place, `start ${UNIT} (stopped, and its data may be what a quorum lacks)`, () =>
    context.cluster.session(node).runAsRoot(script, { label: `start ${UNIT}` }),
  );
  context.woken.add(node);
  const unit = facts?.units[UNIT];
  if (facts === undefined || unit === undefined) return;
  // As systemd has it from now on; the plan then asks no other configuration of it than the one it is to have.
  context.facts.set(node, { ...facts, units: { ...facts.units, [UNIT]: { ...unit, active: 'activating' } } });
}
