import { toDisklessError } from '../../errors.js';
import type { NodeFacts } from '../../facts/facts.js';
import { PATHS } from '../../node/paths.js';
import { scriptText } from '../../node/script-text.js';
import { membersToStart } from '../../plan/etcd-orders.js';
import type { Gave, StepPlace } from '../../runner/sequence.js';
import { bashScript } from '../../ssh/bash-script.js';
import { change } from '../change.js';
import type { Run } from '../context.js';
import { knownLists } from '../etcd-lists.js';
import type { CheckedHosts } from '../hosts.js';
import { answering, runningMembers, seenEtcd } from '../observe-etcd.js';
import { foreignNodes } from '../refuse-foreign.js';
import { supersededNodes } from '../refuse-superseded.js';
import { warningOf } from '../warning-of.js';

const UNIT = 'etcd.service';
const WAKE = scriptText('wake-etcd.bash');

/**
 * Starts stopped members before anything is judged, without their apiservers and with what their machines hold: it may
 * be them that a quorum lacks. One that cannot be started is judged as it is.
 */
export async function wakeMembers(
  context: Run & { readonly hosts: CheckedHosts },
  place: StepPlace,
): Promise<Gave<CheckedHosts>> {
  const { hosts } = context;
  const started = await Promise.all(
    (await stoppedMembers(context, hosts)).map((node) =>
      start(context, { ...place, node }, hosts.facts.get(node)).then(
        () => [node],
        (thrown) => {
          context.signal.throwIfAborted();
          context.bus.emit(warningOf(node, toDisklessError(thrown)));
          return [];
        },
      ),
    ),
  );
  const woken = new Set(started.flat());
  return { outcome: woken.size > 0 ? 'changed' : 'unchanged', gives: withWoken(hosts, woken) };
}

async function stoppedMembers(context: Run, hosts: CheckedHosts): Promise<string[]> {
  const { options, memory } = context;
  const { record } = memory;
  if (record === undefined || !hasStopped(hosts)) return [];
  // What will be refused is not touched.
  if (foreignNodes(hosts.fit, record).length > 0 || answering(context, hosts.unread, options.lost).length > 0)
    return [];
  if (supersededNodes(hosts.facts, record).length > 0) return [];
  const seen = seenEtcd(context, hosts, record.clusterId);
  if (membersToStart(seen).length === 0) return [];
  const lists = await knownLists({ ...context, woken: hosts.woken }, runningMembers(seen));
  return membersToStart({ ...seen, lists });
}

/** A look at what was read, for the many runs in which there is nothing to start. */
function hasStopped({ facts }: CheckedHosts): boolean {
  return [...facts.values()].some(({ etcdData, units }) => etcdData.present && units[UNIT]?.active !== 'active');
}

/** It is not waited for: it serves clients once there is a quorum. */
async function start(context: Run, place: StepPlace, facts: NodeFacts | undefined): Promise<void> {
  const script = bashScript(
    WAKE,
    `${PATHS.etcdData}/k8s-diskless`,
    facts?.etcdData.marker ?? '',
    `${PATHS.marker}/etcd.lock`,
  );
  await change(context, place, `start ${UNIT} (stopped, and its data may be what a quorum lacks)`, () =>
    context.cluster.session(place.node).runAsRoot(script, { label: `start ${UNIT}` }),
  );
}

/** As systemd has them from now on; the plan then asks no other configuration of them than the one they are to have. */
function withWoken(hosts: CheckedHosts, woken: ReadonlySet<string>): CheckedHosts {
  const activating = (name: string, facts: NodeFacts): NodeFacts => {
    const unit = facts.units[UNIT];
    if (!woken.has(name) || unit === undefined) return facts;
    return { ...facts, units: { ...facts.units, [UNIT]: { ...unit, active: 'activating' } } };
  };
  return {
    ...hosts,
    facts: new Map([...hosts.facts].map(([name, facts]) => [name, activating(name, facts)])),
    fit: hosts.fit.map((each) => ({ ...each, facts: activating(each.node.name, each.facts) })),
    woken,
  };
}
