import type {
  Backup,
  Beginning,
  EtcdEntry,
  EtcdFacts,
  MemberCondition,
  MemberFacts,
  MemberList,
  Recovery,
} from '../../../src/plan/etcd-facts.js';
import { isCurrent, runs } from '../../../src/plan/etcd-facts.js';
import type { EtcdOrders, Refusal } from '../../../src/plan/etcd-order-types.js';
import { etcdOrders } from '../../../src/plan/etcd-orders.js';
import type { EtcdRecord } from '../../../src/state/records.js';

export const OURS = 'c1';
export const CURRENT = 3;
export const TOKEN = 'token-3';

const current = { clusterId: OURS, incarnation: CURRENT } as const;

/** As markers of this release have it, and `old` as those of earlier ones do. */
export const CONDITIONS: Record<string, MemberCondition> = {
  blank: { kind: 'blank' },
  running: { kind: 'data', running: true, ...current, role: 'voter', token: TOKEN, open: true },
  begun: { kind: 'data', running: true, ...current, role: 'voter', token: TOKEN, open: false },
  old: { kind: 'data', running: true, ...current },
  stopped: { kind: 'data', running: false, ...current, role: 'voter', token: TOKEN, open: true },
  masked: { kind: 'data', running: false, masked: true, ...current, role: 'voter', token: TOKEN, open: true },
  learner: { kind: 'data', running: true, ...current, role: 'learner', token: TOKEN, open: true },
  older: { kind: 'data', running: false, clusterId: OURS, incarnation: CURRENT - 1 },
  foreign: { kind: 'data', running: true, clusterId: 'other', incarnation: CURRENT },
  copied: { kind: 'data', running: true, ...current, role: 'voter', token: 'of a copy' },
  unknown: { kind: 'data', running: true },
  claimed: { kind: 'blank', clusterId: 'other', incarnation: 1 },
  unreachable: { kind: 'unreachable', lost: false },
  lost: { kind: 'unreachable', lost: true },
};

export function member(index: number, condition: string, more: Partial<MemberFacts> = {}): MemberFacts {
  const known = CONDITIONS[condition];
  if (!known) throw new Error(condition);
  const bootId = known.kind === 'unreachable' ? {} : { bootId: `boot-${index}` };
  const name = `m${index}`;
  // A marker that says what it holds says whose it is.
  const isNamed = known.kind === 'data' && known.open === true;
  const told = isNamed ? { ...known, memberId: `id-${name}` } : known;
  return { name, condition: told, fit: known.kind !== 'unreachable', peerUrl: urlOf(name), ...bootId, ...more };
}

export const RECORD: EtcdRecord = {
  incarnation: CURRENT,
  phase: 'bootstrapped',
  token: TOKEN,
  members: [],
  bootIds: {},
};

export const urlOf = (name: string): string => `https://${name}:2380`;
export const entry = (name: string, more: Partial<EtcdEntry> = {}): EtcdEntry => ({
  id: `id-${name}`,
  name,
  peerUrls: [urlOf(name)],
  isLearner: false,
  ...more,
});

export interface Circumstances {
  record?: EtcdRecord | undefined;
  quorumProven?: boolean;
  /** Whose data a person gave up. */
  discardData?: readonly string[];
  newCluster?: boolean;
  backup?: Backup;
  beginning?: Beginning;
  recoverFrom?: Recovery;
  /** The record is of a copy. */
  unproven?: true;
  /** By name, what is not as usual: every reachable member is fit. */
  members?: Record<string, Partial<MemberFacts>>;
  /** Whom the members know; by default each configured one is a voter. */
  entries?: EtcdEntry[];
  /** No member says who the members are. */
  silent?: boolean;
}

export function factsOf(conditions: string[], options: Circumstances = {}): EtcdFacts {
  const { quorumProven = false, discardData = [], newCluster = false, silent = false } = options;
  const members = conditions.map((condition, index) => member(index, condition, options.members?.[`m${index}`]));
  const recorded = 'record' in options ? options.record : { ...RECORD, members: members.map(({ name }) => name) };
  const entries = options.entries ?? members.map(({ name }) => entry(name));
  const running = recorded === undefined ? [] : members.filter((each) => runs(each) && isCurrent(recorded)(each));
  const lists = running.map(({ name: by }): MemberList => ({ by, proven: quorumProven, entries }));
  return {
    clusterId: OURS,
    members,
    lists: silent ? [] : quorumProven ? lists.slice(0, 1) : lists,
    discardData: new Set(discardData),
    newCluster,
    backup: options.backup ?? { kind: 'none' },
    ...(options.recoverFrom && { recoverFrom: options.recoverFrom }),
    ...(options.beginning && { beginning: options.beginning }),
    ...(options.unproven && { unproven: true }),
    ...(recorded && { recorded }),
  };
}

export const judge = (conditions: string[], options: Circumstances = {}): EtcdOrders | Refusal =>
  etcdOrders(factsOf(conditions, options));

/** Orders in a form that is read in a line: by member, `wait`, or `bootstrap, wiped: discarded`. */
export function said(orders: EtcdOrders | Refusal): Record<string, unknown> {
  if (orders.code === 'refused') return { refused: orders.reason };
  const members = [...orders.members].map(([name, order]) => {
    const wiped = 'wipe' in order && order.wipe !== undefined ? `, wiped: ${order.wipe}` : '';
    return [name, `${order.do}${wiped}`];
  });
  return { code: orders.code, ...Object.fromEntries(members) };
}

/** Whose entries go. */
export function removed(orders: EtcdOrders | Refusal): string[] {
  if (orders.code === 'refused') return [];
  return orders.cluster.flatMap((order) => (order.do === 'remove-entry' ? [order.member] : []));
}

export const blocking = (orders: EtcdOrders | Refusal) =>
  orders.code === 'refused' ? undefined : orders.quorum.blocking;
