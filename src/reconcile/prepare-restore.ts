import { refusal } from '../errors.js';
import { wipes } from '../plan/etcd-order-types.js';
import { checkRestoreRoom } from '../plan/preflight-room.js';
import type { JudgedRun } from './context.js';
import { archOf } from './traits.js';

/**
 * Nothing is given up for a life that cannot be restored: all that it takes is there before it is recorded, and room for it
 * on each member.
 *
 * @throws DisklessError of a tool that cannot be had; `too-little-space`, `too-little-memory` (exit 5)
 */
export async function prepareRestore({ judgement, options, signal }: JudgedRun): Promise<void> {
  const { orders, work } = judgement;
  const begin = orders.cluster.find((order) => order.do === 'begin-incarnation');
  if (begin?.from === undefined) return;
  for (const name of begin.members) {
    const planned = work.get(name);
    if (planned === undefined) continue;
    const { facts, encoding } = planned;
    const { peakBytes } = await options.backups.archive({ id: begin.from, arch: archOf(facts), encoding }, signal);
    const [lack] = checkRestoreRoom({ facts, bytes: peakBytes, wipes: wipes(orders).has(name) });
    if (lack === undefined) continue;
    const { code, message, hint } = lack;
    throw refusal({ code, host: name, message, ...(hint && { hint }) });
  }
}
