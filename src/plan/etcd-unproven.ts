import { type EtcdFacts, names, of } from './etcd-facts.js';
import { type EtcdOrders, type Refusal, refused, wipes } from './etcd-order-types.js';

/**
 * A state that was taken from a copy may be older than the cluster, and what it takes for the past may be what lives: until
 * an `up` has ended well with it, nothing is wiped and nothing begins where a member holds data.
 */
export function refuseUnproven(facts: EtcdFacts, orders: EtcdOrders): Refusal | undefined {
  if (facts.unproven !== true) return undefined;
  const begins = orders.code === 'bootstrap' || orders.code === 'resume-bootstrap';
  const wiped = wipes(orders);
  const over = names(of(facts, 'data')).filter((name) => begins || wiped.has(name));
  if (over.length === 0) return undefined;
  const all = over.join(', ');
  return refused(
    'state-unproven',
    `this state is a copy that was taken into use, no up has ended well with it yet, and ${all} ${over.length === 1 ? 'holds' : 'hold'} etcd data that would go`,
    `bring back what is missing, and let up end well once; or reboot ${all} if that data may go`,
  );
}
