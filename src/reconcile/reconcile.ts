import type { DisklessError, ExitCode } from '../errors.js';
import type { ClusterPlan } from '../plan/plan.js';
import type { NodeSummary } from '../runner/events.js';
import type { StepReport } from '../runner/perform-step.js';
import { clusterPlan } from './cluster-plan.js';
import type { Run } from './context.js';
import { noteProven } from './note-proven.js';
import { summarise } from './outcome.js';
import { type Passed, passes } from './passes.js';
import { type ReconcileInput, withRun } from './run.js';
import { addons, checkHosts, dns, judge, planSequence, ready, upSequence } from './up-sequence.js';

export interface ReconcileResult {
  exit: ExitCode;
  nodes: NodeSummary[];
  reports: StepReport[];
  /** Errors of nodes and steps, in the order they happened. */
  errors: DisklessError[];
  /** The one that the exit code is for. */
  error?: DisklessError;
  /** With `plan`, and with `up` once it was judged. */
  plan?: ClusterPlan;
}

/** Brings the nodes to what the spec says, or with `plan` only finds out what that would take. */
export async function reconcile(input: ReconcileInput): Promise<ReconcileResult> {
  const { bus, command, spec } = input;
  const began = bus.elapsedMs();
  const steps = command === 'plan' ? planSequence : upSequence;
  bus.emit({
    type: 'run-started',
    command,
    cluster: spec.name,
    nodes: spec.nodes.map(({ name }) => name),
    steps: steps.map(({ id, title }) => ({ id, title })),
  });
  return withRun(input, async (run) => {
    const passed = await passes(run, command, steps);
    if (command === 'up') await noteProven(run, passed.outcome.exit);
    return report(input, run, { passed, durationMs: bus.elapsedMs() - began });
  });
}

/** Tells how it ended, and hands it on. */
function report(
  { bus, command, spec, kubeconfigPath: kubeconfig }: ReconcileInput,
  { memory: { tally } }: Run,
  { passed, durationMs }: { passed: Passed; durationMs: number },
): ReconcileResult {
  const { reports, values, outcome } = passed;
  const { exit, errors, error } = outcome;
  const judgement = values.of(judge);
  const hosts = values.of(checkHosts);
  const nodes = summarise({ spec, tally, judgement, ready: values.onNodes(ready), reports });
  const plan = judgement && hosts && clusterPlan({ spec, hosts, judgement, reports });
  if (plan && command === 'plan') bus.emit({ type: 'plan', plan });
  const made = command === 'up' && judgement !== undefined;
  bus.emit({
    type: 'run-finished',
    exit,
    durationMs,
    changed: [...tally.values()].reduce((sum, { changes }) => sum + changes, 0),
    nodes,
    ...(made && { kubeconfig, unproven: unproven(spec, passed) }),
    ...(error && { error }),
  });
  return { exit, errors, nodes, reports, ...(error && { error }), ...(plan && { plan }) };
}

/** Where the pod network is the user's own, nothing of ours is there to ask in it. */
function unproven(spec: ReconcileInput['spec'], { values }: Passed): string[] {
  const dnsIsThere = values.of(addons)?.dnsPods !== undefined;
  return [
    ...(spec.network.mode === 'manifest' ? ['pod network'] : []),
    ...(dnsIsThere && values.of(dns)?.answers !== true ? ['cluster DNS'] : []),
  ];
}
