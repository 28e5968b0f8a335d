import { untilAborted } from '../../abort.js';
import { CONTAINERD_UNIT } from '../../components/containerd.js';
import { controlPlanes } from '../../config/spec.js';
import { DisklessError } from '../../errors.js';
import type { ComponentId, Disruption } from '../../node/desired.js';
import { PATHS } from '../../node/paths.js';
import { scriptText } from '../../node/script-text.js';
import type { UnitAction } from '../../plan/diff.js';
import { waitsFor } from '../../runner/long-waits.js';
import type { Outcome, StepPlace } from '../../runner/sequence.js';
import { bashScript } from '../../ssh/bash-script.js';
import { shellQuote } from '../../ssh/quote.js';
import { change, changed } from '../change.js';
import { containerdCheck } from '../containerd-check.js';
import type { AtWork, Judged, Run } from '../context.js';
import { fetchEvidence, whereLogs } from '../evidence.js';
import { glancing } from '../glance.js';
import { moveLeader } from '../move-leader.js';
import { drained, isDrainedFor, undoCordon } from '../roll-kubelet.js';
import { settling, untilServing } from '../settling.js';

const APISERVER = 'kube-apiserver.service';
const START = scriptText('start-unit.bash');

/** systemd's own start timeout ends earlier; this one catches a systemctl that never answers. */
const START_TIMEOUT_MS = 330_000;
/** etcd and Kubernetes write whole objects into a line. */
const LONGEST_WORDS = 200;

/** A step that brings these components' units to what the plan says, once their files have arrived. */
export function startComponents(...components: ComponentId[]) {
  return async (context: AtWork, place: StepPlace): Promise<Outcome> => {
    const { arrivals, difference } = context.work;
    waitsFor('its files to arrive');
    for (const segment of ['config', ...components]) await untilAborted(arrivals.of(segment), place.signal);
    const actions = difference.units.filter(({ component }) => components.includes(component));
    const disruptive = isLive(context)
      ? actions.filter(({ action, unit }) => action === 'restart' && unit.disruption !== 'none')
      : [];
    const onDrained = restartsOnDrained(context);
    const gentle = actions.filter((action) => !disruptive.includes(action) && !onDrained.includes(action));
    await Promise.all(gentle.map((action) => bringUp(context, place, action)));
    if (components.includes('kubelet')) {
      if (onDrained.length > 0) await drained(context, place, () => restartAll(context, place, onDrained));
      else if (isDrainedFor(context)) await undoCordon(context, place);
    }
    for (const action of disruptive) await roll(context, place, action);
    if (components.includes('node')) for (const what of difference.kernel) changed(context, place, `put back: ${what}`);
    return actions.length > 0 ? 'changed' : 'unchanged';
  };
}

/** What is restarted only while no pod is on the node: by the kubelet's step, and kube-proxy with it. */
function restartsOnDrained(context: AtWork): UnitAction[] {
  if (!isDrainedFor(context)) return [];
  const restarts = context.work.difference.units.filter(({ action }) => action === 'restart');
  if (!restarts.some(({ component }) => component === 'kubelet')) return [];
  return restarts.filter(({ component }) => component === 'kubelet' || component === 'kube-proxy');
}

async function restartAll(context: AtWork, place: StepPlace, actions: readonly UnitAction[]): Promise<void> {
  for (const action of actions) {
    await untilAborted(context.work.arrivals.of(action.component), place.signal);
    await bringUp(context, place, action);
  }
}

/** Whatever state its units are in. @param why As in the plan's own actions */
export async function restartComponent(
  context: AtWork,
  place: StepPlace,
  component: ComponentId,
  why: string,
): Promise<void> {
  const actions = context.work.difference.units.filter((action) => action.component === component);
  for (const action of actions) await bringUp(context, place, { ...action, action: 'restart', why });
}

/** There is something that a restart could interrupt; without a quorum, one at a time would wait for what never comes. */
function isLive(context: Judged): boolean {
  return context.judgement.orders.quorum.state === 'works';
}

/** One control plane at a time, and the lock is released only when this one is healthy again. */
async function roll(context: AtWork, place: StepPlace, action: UnitAction): Promise<void> {
  waitsFor('one control plane restarts at a time, and it is the turn of another one');
  await context.rolling.run(async () => {
    const isBeforeApiserver = action.unit.disruption === 'etcd' && hasOthers(context);
    if (isBeforeApiserver) await switchApiserver(context, place, 'stop');
    if (action.unit.disruption === 'etcd') await moveLeader(context, place);
    await bringUp(context, place, action);
    if (isBeforeApiserver) await switchApiserver(context, place, 'start');
    await waitHealthy(context, place, action.unit.disruption);
  });
}

/** Other control planes serve meanwhile. */
function hasOthers({ options, work }: AtWork): boolean {
  const serves = work.facts.units[APISERVER]?.active === 'active';
  return serves && controlPlanes(options.spec).length > 1;
}

/** Without its etcd it would answer every request with an error; stopped in good order it hands its clients on. */
async function switchApiserver(context: AtWork, place: StepPlace, verb: 'stop' | 'start'): Promise<void> {
  const what = verb === 'stop' ? 'while its etcd restarts' : 'its etcd is back';
  const options = { label: `${verb} ${APISERVER}`, root: true, timeoutMs: START_TIMEOUT_MS, signal: place.signal };
  await change(context, place, `${verb} ${APISERVER} (${what})`, async () => {
    await context.cluster.session(place.node).exec(`systemctl ${verb} ${APISERVER}`, options);
  });
}

/** The node's own servers answer again, those that did before. */
async function waitHealthy(context: AtWork, { node, signal }: StepPlace, disruption: Disruption): Promise<void> {
  if (disruption === 'etcd') {
    const read = async () => (await context.cluster.etcdOf(node)).linearizableRead({ signal });
    await settling(context, read);
  }
  const apiserver = context.work.facts.units[APISERVER]?.active;
  if (disruption === 'etcd' && apiserver !== 'active') return;
  const client = await context.cluster.kubeOf(node);
  await untilServing(context, client, signal);
}

async function bringUp(context: AtWork, place: StepPlace, action: UnitAction): Promise<void> {
  const { unit, fingerprint, action: verb } = action;
  // A member of a quorum that is still to be made reports its start only when it is made.
  const wait = context.judgement.orders.quorum.state === 'awaited' && unit.disruption === 'etcd' ? 'no-block' : 'block';
  const check = unit.name === CONTAINERD_UNIT ? containerdCheck(context.options.readyTimeoutMs) : undefined;
  const script = bashScript(START, PATHS.marker, unit.name, verb, fingerprint, wait, ...(check?.args ?? []));
  await change(context, place, `${verb} ${unit.name} (${action.why})`, async () => {
    const options = {
      label: `${verb} ${unit.name}`,
      timeoutMs: START_TIMEOUT_MS + (check?.patienceMs ?? 0),
      signal: place.signal,
    };
    waitsFor(`systemd has not yet said that ${unit.name} has started`);
    const start = () => context.cluster.session(place.node).runAsRoot(script, options);
    const glance = (signal: AbortSignal) => lastWords(context, place.node, unit.name, signal);
    const { stdout } = await glancing(context, glance, start).catch(async (cause) => {
      throw await withEvidence(context, place.node, unit.name, cause);
    });
    await check?.refuse(context, place.node, stdout);
  });
}

/** Of a daemon that takes long to start. */
async function lastWords(context: Run, node: string, unit: string, signal: AbortSignal): Promise<string> {
  const command = `journalctl --no-pager -o cat -n 1 -u ${shellQuote(unit)}`;
  const options = { label: 'look at a log', root: true, timeoutMs: 10_000, signal };
  const { stdout } = await context.cluster.session(node).exec(command, options);
  const line = stdout.trim().slice(0, LONGEST_WORDS);
  return line === '' ? '' : `${unit} has not started yet, its log ends with: ${line}`;
}

async function withEvidence(context: Run, node: string, unit: string, cause: unknown): Promise<unknown> {
  if (!(cause instanceof DisklessError) || cause.code !== 'remote-failed') return cause;
  const evidence = await fetchEvidence(context, node, unit);
  return new DisklessError({
    code: 'unit-failed',
    host: node,
    message: `${unit} did not start`,
    hint: whereLogs([evidence]),
    detail: [cause.detail, evidence.tail].filter(Boolean).join('\n'),
    cause,
  });
}
