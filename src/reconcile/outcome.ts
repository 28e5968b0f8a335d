import { type DisklessError, EXIT, type ExitCode } from '../errors.js';
import type { NodeSummary } from '../runner/events.js';
import type { StepReport } from '../runner/run-sequence.js';
import { NETWORK_BROKEN } from './network-ways.js';
import { type Reconciliation, tallyOf } from './reconciliation.js';

/** Failing before any of these is a host that takes no part: skipped, while quorum and the API remain. */
const ADMISSION_STEPS = new Set(['connect', 'facts', 'admit']);

export interface OutcomeInput {
  reports: readonly StepReport[];
  command: 'up' | 'plan';
  interrupted: boolean;
  /** Pods of the cluster DNS have their nodes, and none became ready. */
  dnsFails?: boolean;
}

export interface Outcome {
  exit: ExitCode;
  /** All of them, in the order they happened. */
  errors: DisklessError[];
  /** The one that the exit code is for: what failed first, where nothing weighs more. */
  error?: DisklessError;
}

/** The exit code and what to show for it. Pure. */
export function outcomeOf({ reports, command, interrupted, dnsFails = false }: OutcomeInput): Outcome {
  const errors = reports.flatMap(({ error }) => error ?? []);
  if (interrupted) return { exit: EXIT.interrupted, errors };
  const bug = errors.find(({ exit }) => exit === EXIT.bug);
  if (bug) return { exit: EXIT.bug, errors, error: bug };
  const fatal = reports.find(({ node, error }) => node === '' && error !== undefined)?.error;
  if (fatal) return { exit: fatal.exit, errors, error: fatal };
  const [first] = errors;
  // A warning has told why; nothing of nodes or the API failed.
  if (first === undefined) return { exit: dnsFails ? EXIT.partial : EXIT.done, errors };
  // A plan is complete without them too; after `up` the cluster itself was asked whether it works without.
  const proof = command === 'plan' ? 'judge' : 'verify';
  const works = reports.some(({ step, outcome }) => step === proof && outcome === 'unchanged');
  // What stopped each node is for a person to decide, and nothing else went wrong.
  const refused = errors.every(({ exit }) => exit === EXIT.refused);
  return { exit: works ? EXIT.partial : refused ? EXIT.refused : EXIT.failed, errors, error: first };
}

/** One line per node for the closing table. */
export function summarise(context: Reconciliation, reports: readonly StepReport[]): NodeSummary[] {
  const failures = firstFailures(reports);
  const ready = new Set(
    reports.flatMap(({ step, node, outcome }) => (step === 'ready' && isGood(outcome) ? [node] : [])),
  );
  return context.options.spec.nodes.map((node): NodeSummary => {
    const work = context.judgement?.work.get(node.name);
    const failure = failures.get(node.name);
    const version = context.readiness.kubeletVersion(node.name);
    const base = {
      name: node.name,
      role: node.role,
      ...tallyOf(context, node.name),
      ...(work && { nodeIp: work.nodeIp, bootId: work.facts.bootId }),
      ...(version !== undefined && { version }),
    };
    // A node whose traffic does not come through everywhere is there all the same.
    if (failure?.error && failure.error.code !== NETWORK_BROKEN) {
      const state = ADMISSION_STEPS.has(failure.step) ? 'skipped' : 'failed';
      return { ...base, state, reason: failure.error.message };
    }
    if (ready.has(node.name)) return { ...base, state: base.changes > 0 ? 'ready' : 'unchanged' };
    return { ...base, state: 'skipped', reason: 'the run ended before its turn' };
  });
}

const isGood = (outcome: StepReport['outcome']): boolean => outcome === 'changed' || outcome === 'unchanged';

/** Node name → the report of what failed on it first; '' stands for the cluster. */
export function firstFailures(reports: readonly StepReport[]): Map<string, StepReport> {
  return new Map(reports.flatMap((report) => (report.error ? [[report.node, report] as const] : [])).reverse());
}
