import type { EventBus } from './event-bus.js';
import { createLongWaits } from './long-waits.js';
import { type Performing, performStep, type StepReport } from './perform-step.js';
import { appliesTo, type Need, type PlannedNode, type Step } from './sequence.js';
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
  const performing: Performing<Services> = {
    ...options,
    values,
    failed: new Set(),
    waits: createLongWaits(options.bus),
  };

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
        return performStep(performing, step, { node, handed, reason });
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
