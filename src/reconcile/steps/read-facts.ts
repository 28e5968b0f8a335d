import { toDisklessError } from '../../errors.js';
import { gatherFacts } from '../../facts/gather.js';
import type { StepPlace, StepResult } from '../../runner/sequence.js';
import { judgePerBoot } from '../../ssh/host-key.js';
import type { HostKey } from '../../ssh/transport.js';
import { MANAGED_UNITS } from '../managed-units.js';
import { type Reconciliation, sessionOf } from '../reconciliation.js';

export async function connect(context: Reconciliation, { node }: StepPlace): Promise<StepResult> {
  const session = sessionOf(context, node);
  session.unpinEpoch();
  try {
    await session.connection();
    context.attendance.heard();
    return 'unchanged';
  } catch (error) {
    context.unread.set(node, toDisklessError(error));
    context.attendance.settle(node);
    throw error;
  }
}

export async function readFacts(context: Reconciliation, { node }: StepPlace): Promise<StepResult> {
  try {
    return await readFactsOf(context, node);
  } catch (error) {
    context.unread.set(node, toDisklessError(error));
    throw error;
  } finally {
    context.attendance.settle(node);
  }
}

/** The plan is made when everybody has answered whom it cannot be made without; see attendance.ts. */
export async function callRoll(context: Reconciliation, { signal }: StepPlace): Promise<StepResult> {
  await context.attendance.enough(signal);
  return 'unchanged';
}

async function readFactsOf(context: Reconciliation, node: string): Promise<StepResult> {
  const session = sessionOf(context, node);
  const { now } = context.options.clock;
  // Facts and key are of one connection: after a loss, the next may be to another boot.
  const { facts, hostKey } = await session.resilient(async (connection) => ({
    facts: await gatherFacts({ connection, units: MANAGED_UNITS, now, signal: context.signal }),
    hostKey: connection.hostKey,
  }));
  const { bootId } = facts;
  if (context.options.hostKeyPolicy === 'per-boot') judgeHostKeyOfEpoch(context, { node, bootId, presented: hostKey });
  session.pinEpoch({ bootId, ...(context.options.hostKeyPolicy === 'per-boot' && { hostKey }) });
  context.facts.set(node, facts);
  return 'unchanged';
}

interface EpochKey {
  node: string;
  bootId: string;
  presented: HostKey;
}

/** RAM-only nodes make new host keys each boot: trusted on the first contact of an epoch, refused within one. */
function judgeHostKeyOfEpoch(context: Reconciliation, { node, bootId, presented }: EpochKey): void {
  const verdict = judgePerBoot({ record: context.memory.nodeRecords.get(node), bootId, presented, place: node });
  if (verdict.kind === 'refused') throw verdict.error;
  if (verdict.kind === 'accepted-known') return;
  const was = verdict.previous ? `, its last boot had ${verdict.previous.fingerprint}` : '';
  const message = `new host key of this boot: ${presented.type} ${presented.fingerprint}${was}`;
  context.bus.emit({ type: 'note', level: 'info', code: 'host-key-new', node, message });
}
