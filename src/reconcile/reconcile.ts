import type { DisklessError, ExitCode } from '../errors.js';
import type { ClusterPlan } from '../plan/plan.js';
import type { NodeSummary } from '../runner/events.js';
import type { StepReport } from '../runner/run-sequence.js';
import { clusterPlan } from './cluster-plan.js';
import { outcomeOf, summarise } from './outcome.js';
import { passes } from './passes.js';
import type { Reconciliation } from './reconciliation.js';
import { closeRun, openRun, type ReconcileInput } from './run.js';
import { judgeSequence, upSequence } from './up-sequence.js';

export interface ReconcileResult {
  exit: ExitCode;
  nodes: NodeSummary[];
  reports: StepReport[];
  /** Errors of nodes and steps, in the order they happened. */
  errors: DisklessError[];
  /** With `plan`, and with `up` once it was judged. */
  plan?: ClusterPlan;
}

/** Brings the nodes to what the spec says, or with `plan` only finds out what that would take. */
export async function reconcile(input: ReconcileInput): Promise<ReconcileResult> {
  const { spec } = input;
  const run = openRun(input);
  const began = input.bus.elapsedMs();
  const steps = input.command === 'plan' ? judgeSequence : upSequence;
  input.bus.emit({
    type: 'run-started',
    command: input.command,
    cluster: spec.name,
    nodes: spec.nodes.map(({ name }) => name),
    steps: steps.map(({ id, title }) => ({ id, title })),
  });
  try {
    const { context, reports } = await passes(run, steps);
    const { exit, errors, error } = outcomeOf({
      reports,
      command: input.command,
      interrupted: input.signal.aborted,
      dnsFails: context.dnsFails === true,
    });
    const nodes = summarise(context, reports);
    const changed = [...run.memory.tally.values()].reduce((sum, { changes }) => sum + changes, 0);
    const durationMs = input.bus.elapsedMs() - began;
    const plan = context.judgement && clusterPlan(context, context.judgement, reports);
    if (plan && input.command === 'plan') input.bus.emit({ type: 'plan', plan });
    const { kubeconfigPath: kubeconfig } = input;
    const made = input.command === 'up' && context.judgement !== undefined;
    input.bus.emit({
      type: 'run-finished',
      exit,
      durationMs,
      changed,
      nodes,
      ...(made && { kubeconfig, unproven: unproven(context) }),
      ...(error && { error }),
    });
    return { exit, errors, nodes, reports, ...(plan && { plan }) };
  } finally {
    await closeRun(run);
  }
}

/** Where the pod network is the user's own, nothing of ours is there to ask in it. */
function unproven(context: Reconciliation): string[] {
  return [
    ...(context.options.spec.network.mode === 'manifest' ? ['pod network'] : []),
    ...(context.dnsPods !== undefined && !context.dnsAnswers ? ['cluster DNS'] : []),
  ];
}
