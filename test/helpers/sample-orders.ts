import type { EtcdOrders, MemberOrder } from '../../src/plan/etcd-order-types.js';

interface Given extends Partial<Omit<EtcdOrders, 'members'>> {
  /** By name; a word stands for an order that says no more. */
  members?: Record<
    string,
    MemberOrder | 'keep' | 'start' | 'bootstrap' | 'resume-bootstrap' | 'join-as-learner' | 'wait'
  >;
}

/** Orders of a healthy cluster, unless something else is said. */
export function sampleOrders({ members = {}, quorum, ...given }: Given = {}): EtcdOrders {
  const orders = Object.entries(members).map(([name, order]): [string, MemberOrder] => [
    name,
    order === 'wait'
      ? { do: order, until: 'the others have a quorum' }
      : typeof order === 'string'
        ? { do: order }
        : order,
  ]);
  return {
    code: 'healthy',
    cluster: [],
    absent: '',
    ...given,
    members: new Map(orders),
    quorum: quorum ?? { state: 'works', through: Object.keys(members) },
  };
}
