import { gatherFacts } from '../../facts/gather.js';
import type { StepPlace, StepResult } from '../../runner/sequence.js';
import { MANAGED_UNITS } from '../managed-units.js';
import { type Reconciliation, sessionOf } from '../reconciliation.js';

export async function connect(context: Reconciliation, { node }: StepPlace): Promise<StepResult> {
  await sessionOf(context, node).connection();
  return 'unchanged';
}

export async function readFacts(context: Reconciliation, { node }: StepPlace): Promise<StepResult> {
  const session = sessionOf(context, node);
  const { now } = context.options.clock;
  const facts = await session.resilient((connection) =>
    gatherFacts({ connection, units: MANAGED_UNITS, now, signal: context.signal }),
  );
  session.pinBootEpoch(facts.bootId);
  context.facts.set(node, facts);
  return 'unchanged';
}
