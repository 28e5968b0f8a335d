import { operatorInEtcd, writeOperator } from '../../cluster/operator-in-etcd.js';
import { isPassingInEtcd } from '../../etcd/errors.js';
import { isMarked } from '../../node/operator-mark.js';
import type { Outcome, StepPlace } from '../../runner/sequence.js';
import { requireLatest } from '../../state/superseded.js';
import { changed } from '../change.js';
import type { Judged } from '../context.js';
import { retrying, shortly } from '../settling.js';

/** From now on no other copy of the state acts on this cluster, also once its nodes have forgotten. */
export async function markEtcd(context: Judged, { step, signal }: StepPlace): Promise<Outcome> {
  const { cluster, memory, judgement } = context;
  const { operator, etcd } = memory.record ?? judgement.record;
  if (etcd.phase !== 'bootstrapped') return 'unchanged';
  return retrying(context, shortly(context), isPassingInEtcd, async () => {
    const gateway = await cluster.quorumThrough(judgement.orders.quorum.through, signal);
    const found = await operatorInEtcd(gateway, signal);
    // Another copy may have been taken into use while this one was at work.
    requireLatest(operator, { where: 'etcd', found });
    if (isMarked(operator, found)) return 'unchanged';
    await writeOperator(operator, gateway, signal);
    changed(context, { step }, `note in etcd that generation ${operator.generation} of the state acts`);
    return 'changed';
  });
}
