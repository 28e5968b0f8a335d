import { type DisklessError, toDisklessError } from '../errors.js';
import { Deferral, type DeferredUntil } from './deferral.js';
import type { EventBus } from './event-bus.js';
import type { StepOutcome } from './events.js';
import type { LongWaits } from './long-waits.js';
import type { Outcome, Step, StepResult } from './sequence.js';
import type { StepValueStore } from './step-values.js';

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

export interface Performing<Services> {
  services: Services;
  /** Where what steps give is kept. */
  values: StepValueStore;
  bus: EventBus;
  signal: AbortSignal;
  /** Nodes on which a step has failed so far. */
  failed: Set<string>;
  waits: LongWaits;
}

export interface Instance {
  /** '' for the cluster. */
  node: string;
  /** What it needs, as far as it is there, by name. */
  handed: Record<string, unknown>;
  /** Why it cannot run. */
  reason: string | undefined;
}

/** A step on one node, whose needs have been waited for: it is run, skipped or cancelled, and that is told. */
export async function performStep<Services>(
  { bus, services, signal, failed, waits, values }: Performing<Services>,
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
function outcomeOf(result: StepResult): Outcome {
  if (typeof result === 'string') return result;
  if (result.outcome === 'failed') throw result.error;
  return result.outcome;
}
