import { DisklessError, type ExitCode } from '../errors.js';
import type { ClusterPlan } from '../plan/plan.js';
import type { EventBus } from '../runner/event-bus.js';
import type { NodeSummary } from '../runner/events.js';
import { createRollingLock } from '../runner/rolling-lock.js';
import { runSequence, type StepReport } from '../runner/run-sequence.js';
import type { Connection } from '../ssh/transport.js';
import { ClusterAccess } from './cluster-access.js';
import { clusterPlan } from './cluster-plan.js';
import { createEtcdRejoin } from './etcd-rejoin.js';
import { NodeSession } from './node-session.js';
import { outcomeOf, summarise } from './outcome.js';
import { createReadinessWatch } from './readiness-watch.js';
import type { ReconcileOptions, Reconciliation } from './reconciliation.js';
import { judgeSequence, upSequence } from './up-sequence.js';

export interface ReconcileInput extends ReconcileOptions {
  command: 'up' | 'plan';
  /** Opens an SSH connection to a node of the spec. */
  open: (node: string, signal: AbortSignal) => Promise<Connection>;
  bus: EventBus;
  signal: AbortSignal;
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
  const context = createContext(input);
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
    const reports = await runSequence({
      steps,
      nodes: spec.nodes,
      context,
      bus: input.bus,
      signal: input.signal,
    });
    const outcome = outcomeOf({ reports, spec, interrupted: input.signal.aborted });
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
    await context.access.close();
    await Promise.all([...context.sessions.values()].map((session) => session.end()));
  }
}

function createContext(input: ReconcileInput): Reconciliation {
  const { spec, bus, signal, state } = input;
  const sessions = new Map(
    spec.nodes.map(({ name }) => [name, new NodeSession({ name, open: (abort) => input.open(name, abort), signal })]),
  );
  const access = new ClusterAccess({ spec, sessions, identities: () => state.pki.operatorIdentities() });
  const context: Reconciliation = {
    rejoin: createEtcdRejoin(() => context),
    options: input,
    bus,
    signal,
    sessions,
    access,
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
      timeoutMs: input.readyTimeoutMs,
      signal,
    }),
  };
  return context;
}
