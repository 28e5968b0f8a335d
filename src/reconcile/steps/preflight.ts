import { DisklessError, refusal } from '../../errors.js';
import { Deferral } from '../../runner/deferral.js';
import type { Gave, StepPlace } from '../../runner/sequence.js';
import type { Judged } from '../context.js';
import type { CheckedHosts } from '../hosts.js';
import type { NodeWork } from '../judgement.js';

interface Preflighting extends Pick<Judged, 'judgement' | 'isLast'> {
  readonly hosts: Pick<CheckedHosts, 'rejected' | 'unread'>;
}

/** Gives each node its work; what takes no part in this pass ends here, with its own reason. */
export async function takeWork(
  { judgement: { work, orders }, hosts, isLast }: Preflighting,
  { node }: StepPlace,
): Promise<Gave<NodeWork>> {
  // Unread though its facts were there: it went away before the plan was made.
  const error = hosts.rejected.get(node) ?? hosts.unread.get(node);
  if (error) throw error;
  const own = work.get(node);
  if (own) return { outcome: 'unchanged', gives: own };
  const order = orders.members.get(node);
  if (order?.do === 'leave' && order.ask !== undefined) {
    const { reason: code, message, hint } = order.ask;
    throw refusal({ code, host: node, message, hint });
  }
  const reason =
    order?.do === 'wait' ? `its etcd member waits until ${order.until}` : 'it answered after the plan was made';
  if (!isLast) throw new Deferral(node, reason, 'next-pass');
  const hint = 'run the same command again';
  throw new DisklessError({ code: 'left-out', host: node, message: `it was left out: ${reason}`, hint });
}
