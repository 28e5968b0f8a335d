import { ownError } from '../../errors.js';
import type { Outcome, StepPlace } from '../../runner/sequence.js';
import type { Judged } from '../context.js';

/**
 * A run that changed something ends with a snapshot of what it made. The cluster works as well without: what fails here is
 * a warning.
 */
export async function keepSnapshot(context: Judged, { signal }: StepPlace): Promise<Outcome> {
  const { options, cluster, memory, judgement, bus } = context;
  const record = memory.record ?? judgement.record;
  const changes = [...memory.tally.values()].reduce((sum, { changes: own }) => sum + own, 0);
  if (record.etcd.phase !== 'bootstrapped') return 'unchanged';
  try {
    // One that was cut off before it came here, or had no room, is made up for.
    if (changes === 0 && (await options.backups.has(record.etcd.incarnation))) return 'unchanged';
    const { snapshot, withoutTool } = await options.backups.keep({ cluster, record, reason: 'up', signal });
    const kept = `snapshot ${snapshot.id} keeps what this run made`;
    bus.emit({ type: 'note', level: 'info', code: 'snapshot-kept', message: kept });
    if (withoutTool === undefined) return 'unchanged';
    const { code, message: why, hint } = withoutTool;
    const message = `etcdutl ${snapshot.etcd}, which a restore needs, could not be had: ${why}`;
    bus.emit({ type: 'note', level: 'warning', code, message, ...(hint && { hint }) });
  } catch (thrown) {
    signal.throwIfAborted();
    const { code, message: why } = ownError(thrown);
    const message = `no snapshot was kept of what this run made: ${why}`;
    bus.emit({ type: 'note', level: 'warning', code, message, hint: 'k8s-diskless backup takes one' });
  }
  return 'unchanged';
}
