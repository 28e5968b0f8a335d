import { DisklessError, type ExitCode } from '../errors.js';
import type { ClusterPlan } from '../plan/plan.js';
import type { EventBus } from '../runner/event-bus.js';
import type { NodeSummary } from '../runner/events.js';
import { createRollingLock } from '../runner/rolling-lock.js';
import { runSequence, type StepReport } from '../runner/run-sequence.js';
import type { Connection } from '../ssh/transport.js';
import type { ClusterRecord, NodeRecord } from '../state/records.js';
import { createAttendance } from './attendance.js';
import { ClusterAccess } from './cluster-access.js';
import { clusterPlan } from './cluster-plan.js';
import { createEtcdRejoin } from './etcd-rejoin.js';
import { NodeSession } from './node-session.js';
import { outcomeOf, summarise } from './outcome.js';
import { createReadinessWatch } from './readiness-watch.js';
import type { ReconcileOptions, Reconciliation } from './reconciliation.js';
import { judgeSequence, upSequence } from './up-sequence.js';

/** A node that reboots again and again must not keep a run from ending. */
const MOST_PASSES = 3;

export interface ReconcileInput extends ReconcileOptions {
  command: 'up' | 'plan';
  /** Opens an SSH connection to a node of the spec. */
  open: (node: string, signal: AbortSignal) => Promise<Connection>;
  bus: EventBus;
  signal: AbortSignal;
  /** Recorded state, undefined for a new cluster. */
  record?: ClusterRecord;
  nodeRecords: ReadonlyMap<string, NodeRecord>;
  /** Where the admin kubeconfig lies, for the report. */
  kubeconfigPath: string;
}

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
  const run = createRun(input);
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
    await run.access.close();
    await Promise.all([...run.sessions.values()].map((session) => session.end()));
  }
}

/** What lasts from the first pass to the last. */
type Run = Pick<Reconciliation, 'options' | 'bus' | 'signal' | 'sessions' | 'access' | 'memory'> & {
  command: ReconcileInput['command'];
};

/**
 * One pass is the rule. Another follows for whoever could not be judged in it: a member that lost its data while the
 * others had to be brought up first, a worker that answered late, a node that rebooted in the middle.
 */
async function passes(run: Run, steps: typeof upSequence): Promise<{ context: Reconciliation; reports: StepReport[] }> {
  const { bus, signal, options } = run;
  for (let pass = 1; ; pass++) {
    const context = createContext(run);
    const reports = await runSequence({ steps, nodes: options.spec.nodes, context, bus, signal });
    context.readiness.end();
    for (const { node, error } of reports) if (error?.code === 'rebooted') context.again.add(`${node}: it rebooted`);
    const done = context.again.size === 0 || run.command === 'plan' || signal.aborted || pass === MOST_PASSES;
    if (done || reports.some(({ node, error }) => node === '' && error)) return { context, reports };
    const message = `once more for ${[...context.again].join('; ')}`;
    bus.emit({ type: 'note', level: 'info', code: 'another-pass', message });
  }
}

function createRun(input: ReconcileInput): Run {
  const { spec, bus, signal, state, command } = input;
  const sessions = new Map(
    spec.nodes.map(({ name }) => [name, new NodeSession({ name, open: (abort) => input.open(name, abort), signal })]),
  );
  const access = new ClusterAccess({ spec, sessions, identities: () => state.pki.operatorIdentities() });
  const memory = {
    nodeRecords: new Map(input.nodeRecords),
    tally: new Map(),
    ...(input.record && { record: input.record }),
  };
  return { options: input, bus, signal, sessions, access, memory, command };
}

function createContext(run: Run): Reconciliation {
  const { options, access, signal } = run;
  const context: Reconciliation = {
    ...run,
    rejoin: createEtcdRejoin(() => context),
    attendance: createAttendance(options.spec.nodes, { patient: run.command === 'plan' }),
    again: new Set(),
    well: new Set(),
    facts: new Map(),
    rolling: createRollingLock(
      () =>
        new DisklessError({
          code: 'dependency-failed',
          message: 'another control plane did not become healthy after its restart, so this one was left running',
        }),
    ),
    readiness: createReadinessWatch({
      client: () => access.kube(),
      nodes: () =>
        new Map([...(context.judgement?.work.values() ?? [])].map(({ node, facts }) => [node.name, facts.bootId])),
      timeoutMs: options.readyTimeoutMs,
      signal,
    }),
  };
  return context;
}
