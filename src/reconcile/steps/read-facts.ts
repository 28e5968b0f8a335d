import { MANAGED_UNITS } from '../../components/roster.js';
import { type ClusterSpec, controlPlanes } from '../../config/spec.js';
import { DisklessError, toDisklessError } from '../../errors.js';
import { gatherFacts } from '../../facts/gather.js';
import { hasCode } from '../../kube/api-errors.js';
import { waitsFor } from '../../runner/long-waits.js';
import type { StepPlace, StepResult } from '../../runner/sequence.js';
import { judgePerBoot, newHostKeyMessage } from '../../ssh/host-key.js';
import type { Connection, HostKey } from '../../ssh/transport.js';
import type { Reconciliation } from '../reconciliation.js';
import { createPauses } from '../waiting-room.js';
import { warningOf } from '../warning-of.js';

/** A machine that never keeps its connection must not keep a roll call from ending. */
const MOST_READS_AGAIN = 3;

export async function connect(context: Reconciliation, { node }: StepPlace): Promise<StepResult> {
  try {
    await arrive(context, node);
    return 'unchanged';
  } catch (error) {
    context.unread.set(node, toDisklessError(error));
    context.attendance.settle(node);
    throw error;
  }
}

export async function readFacts(context: Reconciliation, { node }: StepPlace): Promise<StepResult> {
  try {
    return await readFactsOfArrived(context, node);
  } catch (error) {
    context.unread.set(node, toDisklessError(error));
    throw error;
  } finally {
    context.attendance.settle(node);
  }
}

/** Those still waited for when the roll call ends are left to another pass. */
async function arrive(context: Reconciliation, node: string): Promise<void> {
  const { attendance, waiting, late } = context;
  context.cluster.session(node).unpinEpoch();
  const arrival = waiting.arrival(node);
  waitsFor('it has not answered');
  if (!waiting.isOpen) await arrival;
  else if (await Promise.race([arrival.then(() => false), attendance.closed.then(() => true)])) {
    late.add(node);
    throw new DisklessError({ code: 'dependency-failed', host: node, message: 'it does not answer yet' });
  }
  attendance.heard(node);
}

/** A machine that answers may be about to reboot; where machines are waited for, it is waited for again. */
async function readFactsOfArrived(context: Reconciliation, node: string): Promise<StepResult> {
  const { attendance, waiting, options, signal } = context;
  const pauseAfter = createPauses();
  for (;;) {
    try {
      return await readFactsOf(context, node);
    } catch (error) {
      const pause = waiting.isOpen ? pauseAfter(error) : undefined;
      if (pause === undefined) throw error;
      attendance.lost(node);
      await options.clock.sleep(pause, signal);
      await arrive(context, node);
    }
  }
}

/**
 * Planning starts once every control plane has answered or failed; see attendance.ts for the workers. Waiting for one may
 * take minutes, in which another that was read may reboot.
 */
export async function callRoll(context: Reconciliation, { signal }: StepPlace): Promise<StepResult> {
  const { attendance } = context;
  const reading: Promise<void>[] = [];
  waitsFor(attendance.unanswered);
  for (let round = 0; ; round++) {
    await attendance.enough(signal);
    const gone = round < MOST_READS_AGAIN ? goneSinceRead(context) : [];
    if (gone.length === 0) break;
    reading.push(...gone.map((node) => readAgain(context, node)));
  }
  attendance.close();
  await Promise.all(reading);
  return 'unchanged';
}

/** Whose connection lives is not asked; that a machine lost power shows in it only when keepalives went unanswered. */
function goneSinceRead(context: Reconciliation): string[] {
  const read = controlPlanes(context.options.spec).filter(({ name }) => context.facts.has(name));
  return read.map(({ name }) => name).filter((name) => !context.cluster.session(name).isConnected);
}

/** What it held is not known any more: without an answer it counts as unreachable. */
async function readAgain(context: Reconciliation, node: string): Promise<void> {
  const { attendance, bus, facts, unread } = context;
  const message = 'its connection was lost since it was read: reading it again';
  bus.emit({ type: 'note', level: 'info', code: 'reading-again', node, message });
  attendance.recall(node);
  facts.delete(node);
  try {
    await arrive(context, node);
    await readFactsOfArrived(context, node);
  } catch (thrown) {
    const error = toDisklessError(thrown);
    unread.set(node, error);
    // Its own steps are over, and a verdict that refuses keeps those to come from saying it.
    if (error.code !== 'dependency-failed') bus.emit(warningOf(node, error));
  } finally {
    attendance.settle(node);
  }
}

async function readFactsOf(context: Reconciliation, node: string): Promise<StepResult> {
  const session = context.cluster.session(node);
  const { now } = context.options.clock;
  // Facts and key are of one connection: after a loss, the next may be to another boot.
  const { facts, hostKey } = await session.resilient(async (connection) => {
    const { signal } = context;
    const [read, isForbidden] = await Promise.all([
      gatherFacts({ connection, units: MANAGED_UNITS, now, signal }),
      forbidsForwarding(connection, context.options.spec, signal),
    ]);
    return { facts: { ...read, ...(isForbidden && { forwardsNothing: true as const }) }, hostKey: connection.hostKey };
  });
  const { bootId } = facts;
  if (context.options.hostKeyPolicy === 'per-boot') judgeHostKeyOfEpoch(context, { node, bootId, presented: hostKey });
  context.memory.epochs.set(node, { bootId, hostKey });
  session.pinEpoch({ bootId, ...(context.options.hostKeyPolicy === 'per-boot' && { hostKey }) });
  context.facts.set(node, facts);
  return 'unchanged';
}

/** Whether anything listens there yet does not matter: what sshd forbids it says before it tries. */
async function forbidsForwarding(
  connection: Connection,
  { apiServer }: ClusterSpec,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    (await connection.forward('127.0.0.1', apiServer.port, signal)).destroy();
    return false;
  } catch (error) {
    return hasCode(error, 'forward-prohibited');
  }
}

interface EpochKey {
  node: string;
  bootId: string;
  presented: HostKey;
}

/** RAM-only nodes make new host keys each boot: trusted on the first contact of an epoch, refused within one. */
function judgeHostKeyOfEpoch({ memory, bus }: Reconciliation, { node, bootId, presented }: EpochKey): void {
  // A key this run believed holds before any record of it is written.
  const record = memory.epochs.get(node) ?? memory.nodeRecords.get(node);
  const verdict = judgePerBoot({ record, bootId, presented, place: node });
  if (verdict.kind === 'refused') throw verdict.error;
  if (verdict.kind === 'accepted-known') return;
  const message = newHostKeyMessage(presented, verdict.previous);
  bus.emit({ type: 'note', level: 'info', code: 'host-key-new', node, message });
}
