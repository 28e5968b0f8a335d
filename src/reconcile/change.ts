import type { StepPlace } from '../runner/sequence.js';
import { type Reconciliation, tallyOf } from './reconciliation.js';

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
  tallyOf(context, node).changes += 1;
  context.bus.emit({ type: 'change', step, node, what });
  return work();
}
