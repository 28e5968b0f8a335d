import type { Cluster } from '../cluster/cluster.js';
import { PKI } from '../components/pki-paths.js';
import { type ClusterSpec, controlPlanes } from '../config/spec.js';
import { type DisklessError, EXIT, type ExitCode } from '../errors.js';
import { scriptText } from '../node/script-text.js';
import type { EventBus } from '../runner/event-bus.js';
import type { NodeSummary } from '../runner/events.js';
import type { StepReport } from '../runner/perform-step.js';
import { runSequence } from '../runner/run-sequence.js';
import { type Outcome, type StepPlace, stepsOn } from '../runner/sequence.js';
import { bashReader } from '../ssh/bash-script.js';
import { change } from './change.js';
import type { Run } from './context.js';

interface Services {
  cluster: Pick<Cluster, 'session'>;
  /** The text of kube-apiserver's --client-ca-file, which it watches. */
  bundle: string;
  bus: EventBus;
  memory: Pick<Run['memory'], 'tally'>;
}

export interface ReplaceClientCa extends Omit<Services, 'memory'> {
  spec: ClusterSpec;
  /** What the journal calls it. */
  command: string;
  signal: AbortSignal;
}

/** Control planes that have it, and why the others do not. */
export interface ReplacedClientCa {
  replaced: string[];
  errors: DisklessError[];
}

const STEP = stepsOn<Services, 'control-plane'>('control-plane')('users-ca', 'CA of people', {}, replaceOn);

/** Puts another bundle of client CAs on every control plane that answers; nothing is restarted. */
export async function replaceClientCa(options: ReplaceClientCa): Promise<ReplacedClientCa> {
  const { spec, bus, command, signal } = options;
  const { id, title } = STEP;
  const nodes = controlPlanes(spec);
  const services: Services = { ...options, memory: { tally: new Map() } };
  const began = bus.elapsedMs();
  const names = nodes.map(({ name }) => name);
  bus.emit({ type: 'run-started', command, cluster: spec.name, nodes: names, steps: [{ id, title }] });
  const reports = await runSequence({ steps: [STEP], nodes, services, bus, signal });
  const errors = reports.flatMap(({ error }) => error ?? []);
  const [error] = errors;
  bus.emit({
    type: 'run-finished',
    exit: signal.aborted ? EXIT.interrupted : exitOf(errors.length, nodes.length),
    durationMs: bus.elapsedMs() - began,
    changed: [...services.memory.tally.values()].reduce((sum, { changes }) => sum + changes, 0),
    nodes: reports.map((report) => summaryOf(report, services)),
    ...(error && { error }),
  });
  signal.throwIfAborted();
  return { replaced: reports.flatMap(({ node, outcome }) => (outcome === 'changed' ? [node] : [])), errors };
}

export function exitOf(failed: number, all: number): ExitCode {
  if (failed === 0) return EXIT.done;
  return failed < all ? EXIT.partial : EXIT.failed;
}

async function replaceOn({ cluster, bundle, ...context }: Services, { signal, ...place }: StepPlace): Promise<Outcome> {
  const session = cluster.session(place.node);
  // It counts as changed once there is a machine that it can be changed on.
  await session.connection();
  const command = bashReader(scriptText('replace-file.bash'), 'replace-file', PKI.clientCa);
  const what = `replace ${PKI.clientCa}`;
  await change(context, { ...place, signal }, what, () =>
    session.runAsRoot({ command, input: bundle }, { label: what, signal }),
  );
  return 'changed';
}

function summaryOf({ node, error }: StepReport, { memory: { tally } }: Services): NodeSummary {
  const base = { name: node, role: 'control-plane' as const, ...(tally.get(node) ?? { changes: 0, bytesSent: 0 }) };
  return error ? { ...base, state: 'failed', reason: error.message } : { ...base, state: 'ready' };
}
