import type { StepPlace } from '../runner/sequence.js';
import { type Reconciliation, tallyOf } from './reconciliation.js';

/** Where something changes: on a node, or among the cluster's objects. */
export interface ChangePlace {
  node?: string;
  step: string;
}

/** What was changed through an API: event and count. */
export function changed(context: Reconciliation, { node, step }: ChangePlace, what: string): void {
  tallyOf(context, node ?? '').changes += 1;
  context.bus.emit({ type: 'change', step, ...(node !== undefined && { node }), what });
}

/**
 * The one gate every change on a node passes through: journal, event and count come from here, and what never passes
 * here (`plan`, `up` on a healthy cluster) provably changes nothing.
 */
export async function change<T>(
  context: Reconciliation,
  { node, step }: StepPlace,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  changed(context, { node, step }, what);
  return work();
}
