import { HOLDER_KEYS, HOLDER_PREFIXES } from '../etcd/holder-keys.js';
import { hasCode } from '../kube/api-errors.js';
import type { ClusterRecord, RestorePhase } from '../state/records.js';
import { bindingKey } from '../users/user-objects.js';
import type { Run } from './context.js';
import { isUnsettled, retrying, settling, shortly } from './settling.js';

const isPassing = (error: unknown): boolean => hasCode(error, 'locked') || isUnsettled(error);

export interface FinishRestore {
  record: ClusterRecord;
  /** Members through which a quorum is proven. */
  through: readonly string[];
  save: (record: ClusterRecord) => Promise<void>;
}

/**
 * From a quorum over restored data to one that apiservers may use: cleared of what must not return, brought up to where the
 * change log ends, and kept in a snapshot of its own, so that the new life has a past from its first moment. Each phase is recorded when it is over, and may be
 * done again.
 *
 * @returns the record as it was saved last
 */
export async function finishRestore(context: Run, signal: AbortSignal, given: FinishRestore): Promise<ClusterRecord> {
  let { record } = given;
  const reached = async (phase: RestorePhase): Promise<void> => {
    const { origin } = record.etcd;
    if (origin) record = { ...record, etcd: { ...record.etcd, origin: { ...origin, phase } } };
    await given.save(record);
  };
  if (record.etcd.origin?.phase === 'restoring') {
    await settling(context, async () => {
      const etcd = await context.cluster.quorumThrough(given.through, signal);
      await etcd.disarmNoSpace({ signal });
      for (const prefix of [...HOLDER_PREFIXES, ...HOLDER_KEYS]) await etcd.deletePrefix(prefix, { signal });
    });
    await reached('restored');
  }
  if (record.etcd.origin?.phase === 'restored') {
    await settling(context, () => replay(context, signal, { ...given, record }));
    // A removed name may have its rights in what is restored. Those that living ones have are given anew (`users`).
    await settling(context, () => takeRights(context, signal, given.through));
    await reached('replayed');
  }
  if (record.etcd.origin?.phase === 'replayed') {
    const { cluster, options } = context;
    const keep = () => options.backups.keep({ cluster, record, reason: 'restore', signal });
    // Whoever takes one by hand is done with it soon.
    const { snapshot } = await retrying(context, shortly(context), isPassing, keep);
    const message = `snapshot ${snapshot.id} keeps the restored cluster`;
    context.bus.emit({ type: 'note', level: 'info', code: 'snapshot-kept', message });
    await reached('kept');
  }
  return record;
}

async function takeRights({ cluster, options }: Run, signal: AbortSignal, through: readonly string[]): Promise<void> {
  const { users } = await options.state.readUsers();
  if (users.length === 0) return;
  const etcd = await cluster.quorumThrough(through, signal);
  for (const user of users) await etcd.deletePrefix(bindingKey(user), { signal });
}

async function replay({ cluster, options, bus }: Run, signal: AbortSignal, given: FinishRestore): Promise<void> {
  const etcd = await cluster.quorumThrough(given.through, signal);
  const replayed = await options.backups.replay({ etcd, record: given.record, signal });
  if (replayed === undefined) return;
  const { upTo, written, deleted, orphans } = replayed;
  const dropped = orphans > 0 ? `, ${orphans} removed that were in namespaces which do not exist` : '';
  const message = `the change log brought it up to ${upTo.toISOString()}: ${written} keys written, ${deleted} deleted${dropped}`;
  bus.emit({ type: 'note', level: 'info', code: 'log-replayed', message });
}
