import { gatherFacts } from '../../facts/gather.js';
import type { StepPlace, StepResult } from '../../runner/sequence.js';
import { judgePerBoot } from '../../ssh/host-key.js';
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
  if (context.options.hostKeyPolicy === 'per-boot') await judgeHostKeyOfEpoch(context, node, facts.bootId);
  session.pinBootEpoch(facts.bootId);
  context.facts.set(node, facts);
  return 'unchanged';
}

/** RAM-only nodes make new host keys each boot: trusted on the first contact of an epoch, refused within one. */
async function judgeHostKeyOfEpoch(context: Reconciliation, node: string, bootId: string): Promise<void> {
  const { hostKey: presented } = await sessionOf(context, node).connection();
  const verdict = judgePerBoot({ record: context.options.nodeRecords.get(node), bootId, presented, place: node });
  if (verdict.kind === 'refused') throw verdict.error;
  if (verdict.kind === 'accepted-known') return;
  const was = verdict.previous ? `, its last boot had ${verdict.previous.fingerprint}` : '';
  const message = `new host key of this boot: ${presented.type} ${presented.fingerprint}${was}`;
  context.bus.emit({ type: 'note', level: 'info', code: 'host-key-new', node, message });
}
