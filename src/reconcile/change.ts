import type { StepPlace } from '../runner/sequence.js';
import type { Run } from './context.js';

/** Where something changes: on a node, or among the cluster's objects. */
export interface ChangePlace {
  node?: string;
  step: string;
}

type ChangeContext = Pick<Run, 'bus'> & { readonly memory: Pick<Run['memory'], 'tally'> };

/** Bytes of its files that a node has been sent. */
export function countSent({ memory }: ChangeContext, node: string, bytes: number): void {
  tallyOf(memory, node).bytesSent += bytes;
}

/** For more to be added. */
function tallyOf({ tally }: Pick<Run['memory'], 'tally'>, node: string): { changes: number; bytesSent: number } {
  const known = tally.get(node) ?? { changes: 0, bytesSent: 0 };
  tally.set(node, known);
  return known;
}

/** What was changed through an API: event and count. */
export function changed(context: ChangeContext, { node, step }: ChangePlace, what: string): void {
  tallyOf(context.memory, node ?? '').changes += 1;
  context.bus.emit({ type: 'change', step, ...(node !== undefined && { node }), what });
}

/**
 * The one gate every change on a node passes through: journal, event and count come from here, and what never passes
 * here (`plan`, `up` on a healthy cluster) provably changes nothing.
 */
export async function change<T>(
  context: ChangeContext,
  { node, step }: StepPlace,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  changed(context, { node, step }, what);
  return work();
}
