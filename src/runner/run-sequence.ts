import { type DisklessError, toDisklessError } from '../errors.js';
import type { EventBus } from './event-bus.js';
import type { StepOutcome } from './events.js';
import { createLongWaits, type LongWaits } from './long-waits.js';
import { appliesTo, type Dependency, type PlannedNode, type Step } from './sequence.js';

export interface RunSequenceOptions<Context> {
  steps: readonly Step<Context>[];
  nodes: readonly PlannedNode[];
  context: Context;
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
}

/**
 * Runs every step on every node it applies to, each as soon as what it waits for is there: no phase barriers, a slow
 * node delays only what names it. What failed is in the reports, what depended on it was skipped.
 *
 * @throws Error when a step waits for one that is not part of the sequence, which is a fault of ours
 */
export async function runSequence<Context>(options: RunSequenceOptions<Context>): Promise<StepReport[]> {
  const { steps, nodes } = options;
  const byId = new Map(steps.map((step) => [step.id, step]));
  const roles = new Map(nodes.map(({ name, role }) => [name, role]));
  const running = new Map<string, Promise<StepReport>>();
  const instances = new Map<string, Promise<StepReport>[]>();
  const failed = new Set<string>();
  const waits = createLongWaits(options.bus);

  const instancesOf = (id: string): Promise<StepReport>[] => {
    const known = instances.get(id);
    if (known) return known;
    const step = lookUp(id);
    const started = placesOf(step, nodes).map((node) => start(step, node));
    instances.set(id, started);
    return started;
  };

  const lookUp = (id: string): Step<Context> => {
    const step = byId.get(id);
    if (step === undefined) throw new Error(`step ${id} is not part of the sequence`);
    return step;
  };

  /** Why the step cannot run, or undefined when the dependency is met. */
  const waitFor = async (dependency: Dependency, node: string): Promise<string | undefined> => {
    const target = lookUp(dependency.step);
    if (dependency.kind === 'same') return waitForSame(target, node);
    const awaited = instancesOf(dependency.step);
    if (dependency.kind === 'any') return firstSuccess(awaited, target.title);
    await Promise.all(awaited);
    return undefined;
  };

  const waitForSame = async (target: Step<Context>, node: string): Promise<string | undefined> => {
    const { on } = target;
    if (on === 'cluster') return blocked(await start(target, ''));
    const role = roles.get(node);
    return role === undefined || appliesTo(on, role) ? blocked(await start(target, node)) : undefined;
  };

  const start = (step: Step<Context>, node: string): Promise<StepReport> => {
    const key = `${step.id}@${node}`;
    const known = running.get(key);
    if (known) return known;
    const report = Promise.resolve()
      .then(() => Promise.all(step.after.map((dependency) => waitFor(dependency, node))))
      .then((reasons) =>
        perform(
          { ...options, failed, waits },
          step,
          node,
          reasons.find((reason) => reason !== undefined),
        ),
      );
    running.set(key, report);
    return report;
  };

  return Promise.all(steps.flatMap((step) => instancesOf(step.id)));
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

async function firstSuccess(instances: Promise<StepReport>[], title: string): Promise<string | undefined> {
  const succeeded = instances.map(async (instance) => {
    const reason = blocked(await instance);
    if (reason !== undefined) throw new Error(reason);
  });
  return Promise.any(succeeded).then(
    () => undefined,
    () => `no node got through: ${title}`,
  );
}

async function perform<Context>(
  { bus, context, signal, failed, waits }: RunSequenceOptions<Context> & { failed: Set<string>; waits: LongWaits },
  step: Step<Context>,
  node: string,
  reason: string | undefined,
): Promise<StepReport> {
  const place = { step: step.id, ...(node !== '' && { node }) };
  const finish = (report: Omit<StepReport, 'step' | 'node'>): StepReport => {
    bus.emit({ type: 'step-finished', ...place, ...report });
    return { step: step.id, node, ...report };
  };
  if (signal.aborted || reason !== undefined) step.leftOut?.(context, node);
  if (signal.aborted) return finish({ outcome: 'cancelled', durationMs: 0 });
  if (reason !== undefined) return finish({ outcome: 'skipped', durationMs: 0, reason });
  const began = bus.elapsedMs();
  bus.emit({ type: 'step-started', ...place });
  try {
    const outcome = await waits.during({ step: step.id, node }, () =>
      step.run(context, { node, step: step.id, signal, failed }),
    );
    return finish({ outcome, durationMs: bus.elapsedMs() - began });
  } catch (thrown) {
    const durationMs = bus.elapsedMs() - began;
    if (signal.aborted) return finish({ outcome: 'cancelled', durationMs });
    const error = toDisklessError(thrown).at({ ...(node !== '' && { host: node }), step: step.id });
    if (error.code === 'dependency-failed') return finish({ outcome: 'skipped', durationMs, reason: error.message });
    if (node !== '') failed.add(node);
    return finish({ outcome: 'failed', durationMs, error });
  }
}
