import { type DisklessError, EXIT, type ExitCode } from '../errors.js';
import type { NodeSummary } from '../runner/events.js';
import type { StepReport } from '../runner/perform-step.js';
import type { ReconcileOptions, RunMemory } from './context.js';
import type { Judgement } from './judgement.js';
import { NETWORK_BROKEN } from './network-ways.js';
import type { ReadyNode } from './steps/wait-ready.js';

/** What failed in one of these takes no part: skipped, while quorum and the API remain. */
const BEFORE_ITS_WORK = new Set(['connect', 'facts', 'preflight']);

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
  // Data that may be nowhere else waits for a person, however well the others do.
  const waiting = errors.find(({ code }) => code === 'stray-not-kept');
  if (waiting) return { exit: EXIT.refused, errors, error: waiting };
  // What stopped each node is for a person to decide, and nothing else went wrong.
  const refused = errors.every(({ exit }) => exit === EXIT.refused);
  return { exit: works ? EXIT.partial : refused ? EXIT.refused : EXIT.failed, errors, error: first };
}

export interface SummaryInput {
  spec: ReconcileOptions['spec'];
  tally: RunMemory['tally'];
  judgement?: Pick<Judgement, 'work'> | undefined;
  ready: ReadonlyMap<string, ReadyNode>;
  reports: readonly StepReport[];
}

/** One line per node for the closing table. */
export function summarise({ spec, tally, judgement, ready, reports }: SummaryInput): NodeSummary[] {
  const failures = firstFailures(reports);
  return spec.nodes.map((node): NodeSummary => {
    const work = judgement?.work.get(node.name);
    const failure = failures.get(node.name);
    const version = ready.get(node.name)?.kubeletVersion;
    const base = {
      name: node.name,
      role: node.role,
      ...(tally.get(node.name) ?? { changes: 0, bytesSent: 0 }),
      ...(work && { nodeIp: work.nodeIp, bootId: work.facts.bootId }),
      ...(version !== undefined && { version }),
    };
    // A node whose traffic does not come through everywhere is there all the same.
    if (failure?.error && failure.error.code !== NETWORK_BROKEN) {
      const state = BEFORE_ITS_WORK.has(failure.step) ? 'skipped' : 'failed';
      return { ...base, state, reason: failure.error.message };
    }
    if (ready.has(node.name)) return { ...base, state: base.changes > 0 ? 'ready' : 'unchanged' };
    return { ...base, state: 'skipped', reason: 'the run ended before its turn' };
  });
}

/** Node name → the report of what failed on it first; '' stands for the cluster. */
export function firstFailures(reports: readonly StepReport[]): Map<string, StepReport> {
  return new Map(reports.flatMap((report) => (report.error ? [[report.node, report] as const] : [])).reverse());
}
