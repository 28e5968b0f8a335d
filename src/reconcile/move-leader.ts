import { ownError } from '../errors.js';
import type { StepPlace } from '../runner/sequence.js';
import { change } from './change.js';
import type { Run } from './context.js';

const TIMEOUT_MS = 5_000;

/**
 * Before a member is restarted another one leads, where it does itself. A member that ends hands that on too, while it
 * answers nobody any more: this way there is no moment without a leader that is there. It is no failure where it cannot be.
 */
export async function moveLeader(context: Run, place: StepPlace): Promise<void> {
  const options = { signal: place.signal, timeoutMs: TIMEOUT_MS };
  try {
    const etcd = await context.cluster.etcdOf(place.node);
    const { header, leader } = await etcd.status(options);
    if (leader !== header.memberId) return;
    const members = await etcd.memberList(options);
    const other = members.find(({ id, name, isLearner }) => id !== header.memberId && name !== '' && !isLearner);
    if (other === undefined) return;
    await change(context, place, `let ${other.name} lead etcd`, () => etcd.moveLeader(other.id, options));
  } catch (error) {
    place.signal.throwIfAborted();
    ownError(error);
  }
}
