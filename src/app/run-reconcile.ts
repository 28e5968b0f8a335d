import { type ReconcileResult, reconcile } from '../reconcile/reconcile.js';
import { createEventBus } from '../runner/event-bus.js';
import type { EventSink } from '../runner/events.js';
import { type ReconcileInputOptions, reconcileInput } from './reconcile-input.js';

interface Note {
  code: string;
  message: string;
}

export interface RunReconcileOptions extends Omit<ReconcileInputOptions, 'bus'> {
  sinks: EventSink[];
  /** Beside those of the inputs. */
  notes?: Note[];
}

/** Runs the reconciler, told of to these sinks; what the inputs have to be warned of is told first. */
export async function runReconcile({ sinks, notes = [], ...options }: RunReconcileOptions): Promise<ReconcileResult> {
  const bus = createEventBus({ sinks, monotonicMs: () => performance.now(), wallClock: () => new Date() });
  for (const { code, message } of [...notes, ...options.inputs.notes])
    bus.emit({ type: 'note', level: 'warning', code, message });
  return reconcile(reconcileInput({ ...options, bus }));
}
