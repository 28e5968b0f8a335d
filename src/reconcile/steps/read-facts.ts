import { MANAGED_UNITS } from '../../components/roster.js';
import { type ClusterSpec, controlPlanes } from '../../config/spec.js';
import { toDisklessError } from '../../errors.js';
import type { NodeFacts } from '../../facts/facts.js';
import { gatherFacts } from '../../facts/gather.js';
import { hasCode } from '../../kube/api-errors.js';
import { Deferral } from '../../runner/deferral.js';
import { waitsFor } from '../../runner/long-waits.js';
import type { Gave, Outcome, StepPlace } from '../../runner/sequence.js';
import { judgePerBoot, newHostKeyMessage } from '../../ssh/host-key.js';
import type { Connection, HostKey } from '../../ssh/transport.js';
import { createPauses } from '../connect-retry.js';
import type { Pass } from '../context.js';
import type { ReadHosts } from '../hosts.js';
import { warningOf } from '../warning-of.js';

/** A machine that never keeps its connection must not keep planning from beginning. */
const MOST_READS_AGAIN = 3;

export async function connectNode(context: Pass, { node }: StepPlace): Promise<Outcome> {
  try {
    await reach(context, node);
    return 'unchanged';
  } catch (error) {
    context.barrier.settle(node, toDisklessError(error));
    throw error;
  }
}

export async function readFacts(context: Pass, { node }: StepPlace): Promise<Outcome> {
  try {
    context.barrier.settle(node, await readFactsOfReached(context, node));
    return 'unchanged';
  } catch (error) {
    context.barrier.settle(node, toDisklessError(error));
    throw error;
  }
}

/** Those that do not answer by the time that planning begins are left to another pass. */
async function reach(context: Pass, node: string): Promise<void> {
  const { barrier, retry } = context;
  context.cluster.session(node).unpinEpoch();
  const connected = retry.connected(node);
  waitsFor('it has not answered');
  if (!retry.hasTime) await connected;
  else if (await Promise.race([connected.then(() => false), barrier.closed.then(() => true)]))
    throw new Deferral(node, 'it does not answer yet', 'host-answers');
  barrier.heard(node);
}

/** A machine that answers may be about to reboot; where machines are waited for, it is waited for again. */
async function readFactsOfReached(context: Pass, node: string): Promise<NodeFacts> {
  const { barrier, retry, options, signal } = context;
  const pauseAfter = createPauses();
  for (;;) {
    try {
      return await readFactsOf(context, node);
    } catch (error) {
      const pause = retry.hasTime ? pauseAfter(error) : undefined;
      if (pause === undefined) throw error;
      barrier.lost(node);
      await options.clock.sleep(pause, signal);
      await reach(context, node);
    }
  }
}

/**
 * Planning starts once every control plane has answered or failed; see facts-barrier.ts for the workers. Waiting for one may
 * take minutes, in which another that was read may reboot.
 */
export async function awaitReadings(context: Pass, { signal }: StepPlace): Promise<Gave<ReadHosts>> {
  const { barrier } = context;
  const reading: Promise<void>[] = [];
  waitsFor(barrier.unanswered);
  for (let round = 0; ; round++) {
    await barrier.enough(signal);
    const gone = round < MOST_READS_AGAIN ? goneSinceRead(context) : [];
    if (gone.length === 0) break;
    reading.push(...gone.map((node) => readAgain(context, node)));
  }
  barrier.close();
  await Promise.all(reading);
  return { outcome: 'unchanged', gives: barrier.hosts() };
}

/** Whose connection lives is not asked; that a machine lost power shows in it only when keepalives went unanswered. */
function goneSinceRead(context: Pass): string[] {
  const { facts } = context.barrier.hosts();
  const read = controlPlanes(context.options.spec).filter(({ name }) => facts.has(name));
  return read.map(({ name }) => name).filter((name) => !context.cluster.session(name).isConnected);
}

/** What it held is not known any more: without an answer it counts as unreachable. */
async function readAgain(context: Pass, node: string): Promise<void> {
  const { barrier, bus } = context;
  const message = 'its connection was lost since it was read: reading it again';
  bus.emit({ type: 'note', level: 'info', code: 'reading-again', node, message });
  barrier.recall(node);
  try {
    await reach(context, node);
    barrier.settle(node, await readFactsOfReached(context, node));
  } catch (thrown) {
    const error = toDisklessError(thrown);
    barrier.settle(node, error);
    // Its own steps are over, and a verdict that refuses keeps those to come from saying it.
    if (!(error instanceof Deferral)) bus.emit(warningOf(node, error));
  }
}

async function readFactsOf(context: Pass, node: string): Promise<NodeFacts> {
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
  return facts;
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
function judgeHostKeyOfEpoch({ memory, bus }: Pass, { node, bootId, presented }: EpochKey): void {
  // A key this run believed holds before any record of it is written.
  const record = memory.epochs.get(node) ?? memory.nodeRecords.get(node);
  const verdict = judgePerBoot({ record, bootId, presented, place: node });
  if (verdict.kind === 'refused') throw verdict.error;
  if (verdict.kind === 'accepted-known') return;
  const message = newHostKeyMessage(presented, verdict.previous);
  bus.emit({ type: 'note', level: 'info', code: 'host-key-new', node, message });
}
