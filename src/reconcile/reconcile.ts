import type { DisklessError, ExitCode } from '../errors.js';
import type { ClusterPlan } from '../plan/plan.js';
import type { NodeSummary } from '../runner/events.js';
import { runSequence, type StepReport } from '../runner/run-sequence.js';
import { clusterPlan } from './cluster-plan.js';
import { outcomeOf, summarise } from './outcome.js';
import type { Reconciliation } from './reconciliation.js';
import { closeRun, openPass, openRun, type ReconcileInput, type Run } from './run.js';
import { judgeSequence, upSequence } from './up-sequence.js';

/** A node that reboots again and again must not keep a run from ending. */
const MOST_PASSES = 3;

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
    const outcome = outcomeOf({ reports, command: input.command, interrupted: input.signal.aborted });
    const nodes = summarise(context, reports);
    const changed = nodes.reduce((sum, { changes }) => sum + changes, 0);
    const durationMs = input.bus.elapsedMs() - began;
    const plan = context.judgement && clusterPlan(context, context.judgement, reports);
    if (plan && input.command === 'plan') input.bus.emit({ type: 'plan', plan });
    const { kubeconfigPath: kubeconfig } = input;
    const made = input.command === 'up' && context.judgement !== undefined;
    input.bus.emit({
      type: 'run-finished',
      exit: outcome.exit,
      durationMs,
      changed,
      nodes,
      ...(made && { kubeconfig }),
    });
    return { ...outcome, nodes, reports, ...(plan && { plan }) };
  } finally {
    await closeRun(run);
  }
}

/**
 * One pass is the rule. Another follows for whoever could not be judged in it: a member that lost its data while the
 * others had to be brought up first, a worker that answered late, a node that rebooted in the middle.
 */
async function passes(run: Run, steps: typeof upSequence): Promise<{ context: Reconciliation; reports: StepReport[] }> {
  const { bus, signal, options } = run;
  for (let pass = 1; ; pass++) {
    const context = openPass(run);
    const reports = await runSequence({ steps, nodes: options.spec.nodes, context, bus, signal });
    context.readiness.end();
    for (const { node, error } of reports) if (error?.code === 'rebooted') context.again.add(`${node}: it rebooted`);
    const done = context.again.size === 0 || run.command === 'plan' || signal.aborted || pass === MOST_PASSES;
    if (done || reports.some(({ node, error }) => node === '' && error)) return { context, reports };
    const message = `once more for ${[...context.again].join('; ')}`;
    bus.emit({ type: 'note', level: 'info', code: 'another-pass', message });
  }
}
