import { backupsOfRun } from '../../src/app/backups-of-run.js';
import { readInputs } from '../../src/app/inputs.js';
import { journal } from '../../src/app/journal.js';
import { openPki, reconcileInput } from '../../src/app/reconcile-input.js';
import type { ClusterRequest } from '../../src/app/requests.js';
import { persistentState } from '../../src/app/states.js';
import { type PassResult, runPass } from '../../src/reconcile/pass.js';
import { passes } from '../../src/reconcile/passes.js';
import { type ReconcileInput, withRun } from '../../src/reconcile/run.js';
import { upSequence } from '../../src/reconcile/up-sequence.js';
import { createEventBus } from '../../src/runner/event-bus.js';
import type { EventSink } from '../../src/runner/events.js';
import type { StepReport } from '../../src/runner/perform-step.js';
import { createRunDirectory, prepareStateDir } from '../../src/state/state-dir.js';

/** What `up` does before it connects to anyone. */
export async function prepareUp(
  asked: Partial<ClusterRequest>,
  sinks: EventSink[],
  signal: AbortSignal,
): Promise<ReconcileInput> {
  const request = { verify: false, newCluster: false, ...asked };
  const inputs = await readInputs(request, signal, () => {});
  await prepareStateDir(inputs.state);
  const runDirectory = await createRunDirectory(inputs.state, new Date());
  const pki = await openPki(inputs, 'persistent');
  const state = persistentState({ ...inputs, runDirectory, pki });
  const backups = backupsOfRun({ inputs, pki, now: () => new Date() });
  const bus = createEventBus({
    sinks: [...sinks, journal(runDirectory)],
    monotonicMs: () => performance.now(),
    wallClock: () => new Date(),
  });
  return reconcileInput({ command: 'up', inputs, request, state, backups, bus, signal });
}

/** The steps of `up` until every node has its files; nothing is started there. */
const UNTIL_SENT = upSequence.slice(0, 1 + upSequence.findIndex(({ id }) => id === 'send-worker'));

/** One pass of them. */
export function upUntilSent(input: ReconcileInput): Promise<PassResult> {
  return withRun(input, (run) => runPass(run, { steps: UNTIL_SENT, isLast: true, patient: true }));
}

/** As many passes as `up` makes; what became of the last. */
export async function passesUntilSent(input: ReconcileInput): Promise<StepReport[]> {
  return (await withRun(input, (run) => passes(run, 'up', UNTIL_SENT))).reports;
}
