import { type BootstrapReason, type EtcdOrders, ordered, wipes } from '../plan/etcd-order-types.js';
import type { EtcdRecord } from '../state/records.js';

const BOOTSTRAP_WORDS = {
  first: 'no cluster recorded',
  unfinished: 'an earlier bootstrap never finished and held no objects',
  discarded: 'the remaining data is discarded once a copy is kept, and all objects with it',
  recovered: 'etcd quorum lost',
  'new-cluster': 'a new cluster begins, as asked: the objects of the old one are gone; hosts, PKI and addresses stay',
  'all-blank': 'every control plane is blank: the objects of the old incarnation are gone, PKI and credentials stay',
} as const;

/** Where there is something to restore. */
const LOSS_WORDS = {
  ...BOOTSTRAP_WORDS,
  unfinished: 'an earlier restore never finished',
  discarded: 'the remaining data is discarded once a copy is kept',
  'all-blank': 'every control plane is blank',
} as const;

export interface Explaining {
  /** What a new life begins from, in words. */
  snapshot?: string | undefined;
  /** Of the life that is recorded: what it was made of. */
  origin?: EtcdRecord['origin'] | undefined;
}

/** The orders in one sentence for a person. */
export function explainOrders(orders: EtcdOrders, explaining: Explaining = {}): string {
  return `${situationOf(orders, explaining)}${asked(orders)}${orders.absent && `; ${orders.absent}`}`;
}

function situationOf(orders: EtcdOrders, { snapshot, origin }: Explaining): string {
  switch (orders.code) {
    case 'bootstrap':
      return orders.cluster
        .flatMap((order) =>
          order.do === 'begin-incarnation'
            ? [
                order.recover !== undefined
                  ? `${LOSS_WORDS[order.why]}; a copy is kept of all that is held, and what ${order.recover.name} holds is restored on ${order.members.join(', ')} (incarnation ${order.incarnation})`
                  : order.from === undefined
                    ? `${emptyWords(order.why, origin)}; bootstrapping etcd on ${order.members.join(', ')} (incarnation ${order.incarnation})`
                    : `${LOSS_WORDS[order.why]}; restoring the snapshot ${snapshot ?? order.from} on ${order.members.join(', ')} (incarnation ${order.incarnation}): what was written after it is lost`,
              ]
            : [],
        )
        .join('; ');
    case 'resume-bootstrap': {
      const wiped = [...wipes(orders).keys()];
      const goes = wiped.length > 0 ? `; earlier data of ${wiped.join(', ')} is discarded, as recorded` : '';
      const what = origin === undefined ? 'etcd bootstrap' : `restore of the snapshot ${origin.snapshot}`;
      return `continuing the interrupted ${what} on ${ordered(orders, 'resume-bootstrap').join(', ')}${goes}`;
    }
    case 'revive': {
      const { through } = orders.quorum;
      const judgedAgain = ordered(orders, 'start').length > 0 ? ', and all is judged again' : '';
      return `etcd has no quorum; ${through.join(', ')} ${through.length === 1 ? 'has its' : 'have their'} data${started(orders)}${judgedAgain}`;
    }
    case 'healthy':
      return `etcd has a quorum${started(orders)}${moved(orders)}${forgotten(orders)}`;
    case 'rejoin':
      return `etcd has a quorum; ${rejoining(orders)}${started(orders)}${moved(orders)}${forgotten(orders)}`;
  }
}

function emptyWords(why: BootstrapReason, origin: EtcdRecord['origin']): string {
  return why === 'unfinished' && origin !== undefined
    ? `an earlier restore of the snapshot ${origin.snapshot} never finished, and is given up as asked: all objects are gone`
    : BOOTSTRAP_WORDS[why];
}

function rejoining(orders: EtcdOrders): string {
  const joining = ordered(orders, 'join-as-learner');
  const wiped = wipes(orders);
  const older = joining.filter((name) => wiped.get(name) === 'older');
  const lost = joining.filter((name) => !older.includes(name));
  const [learner] = ordered(orders, 'promote');
  if (joining.length === 0) return `${learner} was left behind as a learner and is promoted`;
  return [
    ...(lost.length === 1 ? [`${lost[0]} lost its data and rejoins`] : []),
    ...(lost.length > 1 ? [`${lost.join(', ')} lost their data and rejoin one after another`] : []),
    ...(older.length > 0
      ? [
          `what ${older.join(', ')} ${older.length === 1 ? 'has' : 'have'} is of an older life, and kept as a stray before ${older.length === 1 ? 'it rejoins' : 'they rejoin'}`,
        ]
      : []),
  ].join('; ');
}

function started(orders: EtcdOrders): string {
  const stopped = ordered(orders, 'start');
  return stopped.length === 0 ? '' : `; ${stopped.join(', ')} ${stopped.length === 1 ? 'is' : 'are'} started`;
}

function moved(orders: EtcdOrders): string {
  const all = ordered(orders, 'update-peer-url');
  return all.length === 0 ? '' : `; the others are told the new address of ${all.join(', ')}`;
}

/** Those that come back as new members are named already. */
function forgotten(orders: EtcdOrders): string {
  const back = ordered(orders, 'join-as-learner');
  const gone = orders.cluster.flatMap((order) =>
    order.do === 'remove-entry' && !back.includes(order.member) ? [order.member] : [],
  );
  const names = [...new Set(gone)];
  return names.length === 0
    ? ''
    : `; the data of ${names.join(', ')} is lost; ${names.length === 1 ? 'its etcd member' : 'their etcd members'} will be removed`;
}

function asked(orders: EtcdOrders): string {
  return [...orders.members.values()]
    .map((order) => (order.do === 'leave' && order.ask !== undefined ? `; ${order.ask.message}` : ''))
    .join('');
}
