import { readInputs } from '../../src/app/inputs.js';
import { journal } from '../../src/app/journal.js';
import { openPki, reconcileInput } from '../../src/app/reconcile-input.js';
import type { ClusterRequest } from '../../src/app/requests.js';
import { persistentState } from '../../src/app/states.js';
import { passes } from '../../src/reconcile/passes.js';
import type { Reconciliation } from '../../src/reconcile/reconciliation.js';
import { closeRun, openPass, openRun, type ReconcileInput } from '../../src/reconcile/run.js';
import { upSequence } from '../../src/reconcile/up-sequence.js';
import { createEventBus } from '../../src/runner/event-bus.js';
import type { EventSink } from '../../src/runner/events.js';
import { runSequence, type StepReport } from '../../src/runner/run-sequence.js';
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
  const state = persistentState({ ...inputs, runDirectory, pki: await openPki(inputs, 'persistent') });
  const bus = createEventBus({
    sinks: [...sinks, journal(runDirectory)],
    monotonicMs: () => performance.now(),
    wallClock: () => new Date(),
  });
  return reconcileInput({ command: 'up', inputs, request, state, bus, signal });
}

/** The steps of `up` until every node has its files; nothing is started there. */
const UNTIL_SENT = upSequence.slice(0, 1 + upSequence.findIndex(({ id }) => id === 'send-worker'));

/** One pass of them. */
export async function upUntilSent(input: ReconcileInput): Promise<{ pass: Reconciliation; reports: StepReport[] }> {
  const run = openRun(input);
  const pass = openPass(run, { first: false, last: true });
  try {
    const { bus, signal, spec } = input;
    return { pass, reports: await runSequence({ steps: UNTIL_SENT, nodes: spec.nodes, context: pass, bus, signal }) };
  } finally {
    pass.readiness.end();
    await closeRun(run);
  }
}

/** As many passes as `up` makes; what became of the last. */
export async function passesUntilSent(input: ReconcileInput): Promise<StepReport[]> {
  const run = openRun(input);
  try {
    return (await passes(run, UNTIL_SENT)).reports;
  } finally {
    await closeRun(run);
  }
}
