import { firstBootstrap, newCluster, unfinishedBootstrap } from './etcd-bootstrap.js';
import { type EtcdFacts, isCurrent, isEstablished, isFit, isMasked, names, of, runs } from './etcd-facts.js';
import { isRemovedBy, provenList } from './etcd-membership.js';
import type { EtcdOrders, Refusal } from './etcd-order-types.js';
import { refuseUnasked } from './etcd-origin.js';
import { refuseStrangeData } from './etcd-strange-data.js';
import { refuseUnproven } from './etcd-unproven.js';
import { withQuorum } from './etcd-with-quorum.js';
import { withoutQuorum } from './etcd-without-quorum.js';

/**
 * The one place that decides what happens to etcd's data. Pure; guesses nothing: whatever is not provably safe is
 * refused with what a person can do. Everything after it carries the orders out, and nobody judges the facts again.
 */
export function etcdOrders(facts: EtcdFacts): EtcdOrders | Refusal {
  const orders = ordersOf(facts);
  return orders.code === 'refused' ? orders : (refuseUnasked(facts, orders) ?? refuseUnproven(facts, orders) ?? orders);
}

function ordersOf(facts: EtcdFacts): EtcdOrders | Refusal {
  const strange = refuseStrangeData(facts);
  if (strange) return strange;
  const recorded = facts.recorded;
  if (recorded === undefined || recorded.phase === 'none')
    return firstBootstrap(facts, (recorded?.incarnation ?? 0) + 1);
  if (facts.newCluster) return newCluster(facts, recorded);
  const proven = provenList(facts);
  if (proven) return withQuorum(facts, recorded, proven);
  return isEstablished(facts, recorded) ? withoutQuorum(facts, recorded) : unfinishedBootstrap(facts, recorded);
}

/**
 * Stopped members of the recorded incarnation, which are started before anything is judged: a quorum may come of them.
 * Not those that the others have removed, as far as these are known by now, and none over data that is not ours.
 */
export function membersToStart(facts: EtcdFacts): string[] {
  const { recorded } = facts;
  if (recorded === undefined || !isEstablished(facts, recorded)) return [];
  if (facts.newCluster || refuseStrangeData(facts)) return [];
  const stopped = of(facts, 'data').filter(
    (member) => isCurrent(recorded)(member) && !runs(member) && isFit(member) && !isMasked(member),
  );
  return names(stopped.filter((member) => !isRemovedBy(facts, member)));
}
