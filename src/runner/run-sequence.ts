import { type DisklessError, toDisklessError } from '../errors.js';
import { Deferral, type DeferredUntil } from './deferral.js';
import type { EventBus } from './event-bus.js';
import type { StepOutcome } from './events.js';
import { createLongWaits, type LongWaits } from './long-waits.js';
import { appliesTo, type Need, type PlannedNode, type Step, type StepResult } from './sequence.js';
import { createStepValues, type StepValueStore } from './step-values.js';

export interface RunSequenceOptions<Services> {
  steps: readonly Step<Services>[];
  nodes: readonly PlannedNode[];
  /** What all steps are given; they only use it. */
  services: Services;
  /** Where what they give is kept, for those who ask after it. Default: only for the steps. */
  values?: StepValueStore;
  bus: EventBus;
  signal: AbortSignal;
}

export interface StepReport {
  step: string;
  node: string;
  outcome: StepOutcome;
  durationMs: number;
  error?: DisklessError;
  reason?: string;
  /** It was skipped by its own will, and until when. */
  deferred?: DeferredUntil;
}

/** A need that was waited for: why the step cannot run, or what it is handed. */
interface Met {
  blocked?: string | undefined;
  value?: unknown;
}

/**
 * Runs every step on every node it applies to, each as soon as what it needs is there: no phase barriers, a slow node
 * delays only what names it. What failed is in the reports, what depended on it was skipped.
 *
 * @throws Error when a step needs one that is not part of the sequence, which is a fault of ours
 */
export async function runSequence<Services>(options: RunSequenceOptions<Services>): Promise<StepReport[]> {
  const { steps, nodes, values = createStepValues() } = options;
  const byId = new Map(steps.map((step) => [step.id, step]));
  const roles = new Map(nodes.map(({ name, role }) => [name, role]));
  const running = new Map<string, Promise<StepReport>>();
  const instances = new Map<string, Promise<StepReport>[]>();
  const tools: Tools = { failed: new Set(), waits: createLongWaits(options.bus), values };

  const instancesOf = (step: Step<Services>): Promise<StepReport>[] => {
    const known = instances.get(step.id);
    if (known) return known;
    const started = placesOf(step, nodes).map((node) => start(step, node));
    instances.set(step.id, started);
    return started;
  };

  const lookUp = (id: string): Step<Services> => {
    const step = byId.get(id);
    if (step === undefined) throw new Error(`step ${id} is not part of the sequence`);
    return step;
  };

  const waitFor = async ({ kind, step }: Need, node: string): Promise<Met> => {
    const target = lookUp(step.id);
    if (kind === 'same') return waitForSame(target, node);
    const awaited = instancesOf(target);
    if (kind === 'any') return firstSuccess(awaited, target, values);
    await Promise.all(awaited);
    return { value: target.on === 'cluster' ? values.at(target.id, '') : values.all(target.id) };
  };

  const waitForSame = async (target: Step<Services>, node: string): Promise<Met> => {
    const { on, id } = target;
    const role = roles.get(node);
    const there = on === 'cluster' ? '' : role !== undefined && appliesTo(on, role) ? node : undefined;
    if (there === undefined) return {};
    return { blocked: blocked(await start(target, there)), value: values.at(id, there) };
  };

  const start = (step: Step<Services>, node: string): Promise<StepReport> => {
    const key = `${step.id}@${node}`;
    const known = running.get(key);
    if (known) return known;
    const report = Promise.resolve()
      .then(() =>
        Promise.all(Object.entries(step.needs).map(async ([name, need]) => ({ name, met: await waitFor(need, node) }))),
      )
      .then((needs) => {
        const handed = Object.fromEntries(needs.map(({ name, met }) => [name, met.value]));
        const reason = needs.find(({ met }) => met.blocked !== undefined)?.met.blocked;
        return perform({ ...options, ...tools }, step, { node, handed, reason });
      });
    running.set(key, report);
    return report;
  };

  return Promise.all(steps.flatMap(instancesOf));
}

/** Names of the nodes a step runs on; '' stands for the cluster. */
function placesOf({ on }: Step<never>, nodes: readonly PlannedNode[]): string[] {
  if (on === 'cluster') return [''];
  return nodes.flatMap(({ name, role }) => (appliesTo(on, role) ? [name] : []));
}

function blocked(report: StepReport): string | undefined {
  if (report.outcome === 'changed' || report.outcome === 'unchanged') return undefined;
  const place = report.node === '' ? report.step : `${report.step} on ${report.node}`;
  return report.outcome === 'skipped' ? (report.reason ?? `${place} was skipped`) : `${place} ${report.outcome}`;
}

async function firstSuccess(
  instances: Promise<StepReport>[],
  { id, title }: Step<never>,
  values: StepValueStore,
): Promise<Met> {
  const succeeded = instances.map(async (instance) => {
    const report = await instance;
    const reason = blocked(report);
    if (reason !== undefined) throw new Error(reason);
    return { value: values.at(id, report.node) };
  });
  return Promise.any(succeeded).catch(() => ({ blocked: `no node got through: ${title}` }));
}

interface Tools {
  failed: Set<string>;
  waits: LongWaits;
  values: StepValueStore;
}

interface Instance {
  node: string;
  /** What it needs, as far as it is there, by name. */
  handed: Record<string, unknown>;
  /** Why it cannot run. */
  reason: string | undefined;
}

async function perform<Services>(
  { bus, services, signal, failed, waits, values }: RunSequenceOptions<Services> & Tools,
  step: Step<Services>,
  { node, handed, reason }: Instance,
): Promise<StepReport> {
  const place = { step: step.id, ...(node !== '' && { node }) };
  const finish = ({ deferred, ...told }: Omit<StepReport, 'step' | 'node'>): StepReport => {
    bus.emit({ type: 'step-finished', ...place, ...told });
    return { step: step.id, node, ...told, ...(deferred && { deferred }) };
  };
  const context = Object.freeze({ ...services, ...handed });
  if (signal.aborted || reason !== undefined) step.leftOut?.(context);
  if (signal.aborted) return finish({ outcome: 'cancelled', durationMs: 0 });
  if (reason !== undefined) return finish({ outcome: 'skipped', durationMs: 0, reason });
  const began = bus.elapsedMs();
  bus.emit({ type: 'step-started', ...place });
  try {
    const result = await waits.during({ step: step.id, node }, () =>
      step.run(context, { node, step: step.id, signal, failed }),
    );
    if (typeof result !== 'string') values.put(step.id, node, result.gives);
    return finish({ outcome: outcomeOf(result), durationMs: bus.elapsedMs() - began });
  } catch (thrown) {
    const durationMs = bus.elapsedMs() - began;
    if (signal.aborted) return finish({ outcome: 'cancelled', durationMs });
    const error = toDisklessError(thrown).at({ ...(node !== '' && { host: node }), step: step.id });
    const deferred = thrown instanceof Deferral ? { deferred: thrown.until } : {};
    if (error.code === 'dependency-failed')
      return finish({ outcome: 'skipped', durationMs, reason: error.message, ...deferred });
    if (node !== '') failed.add(node);
    return finish({ outcome: 'failed', durationMs, error });
  }
}

/** @throws what it failed with */
function outcomeOf(result: StepResult): 'changed' | 'unchanged' {
  if (typeof result === 'string') return result;
  if (result.outcome === 'failed') throw result.error;
  return result.outcome;
}
