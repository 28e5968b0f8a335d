import type { EtcdOrders, Refusal } from '../../../src/plan/etcd-order-types.js';
import { etcdOrders, membersToStart } from '../../../src/plan/etcd-orders.js';
import { type Act, actsOf, hasQuorum, look, machineOf, type World } from './model.js';

/* `up` on a modelled etcd: run until nothing changes any more, killed at any act, and what a person may do then. */

export type Watch = (act: Act, before: World) => void;

export interface Ended {
  orders: EtcdOrders | Refusal;
  acts: number;
}

/** One `up`. @param kill After so many acts it is killed. */
export function up(world: World, watch: Watch, kill = Number.POSITIVE_INFINITY): Ended | undefined {
  let acts = 0;
  const perform = (act: Act): boolean | undefined => {
    if (acts >= kill) return undefined;
    acts += 1;
    watch(act, world);
    return act.run(world);
  };
  for (const name of membersToStart(look(world))) {
    if (perform({ what: `wake ${name}`, run: (now) => wake(now, name) }) === undefined) return undefined;
  }
  const orders = etcdOrders(look(world));
  if (orders.code === 'refused') return { orders, acts };
  const failed = new Set<string>();
  for (const act of actsOf(world, orders)) {
    const [, name = ''] = /\b(m\d)$/.exec(act.what) ?? [];
    if (failed.has(name)) continue;
    const refusal = act.refuses?.(world);
    if (refusal) return { orders: refusal, acts };
    const done = perform(act);
    if (done === undefined) return undefined;
    // Nothing else waits for one that cannot be started.
    if (!done) failed.add(name);
  }
  return { orders, acts };
}

function wake(now: World, name: string): boolean {
  const { data } = machineOf(now, name);
  if (data) data.running = now.entries.some(({ id }) => id === data.memberId);
  return true;
}

/** Two worlds that say the same are the same. */
export const inWords = ({ lost, discardData, ...world }: World): string =>
  JSON.stringify([world, [...lost].toSorted(), [...discardData].toSorted()]);

const MOST_RUNS = 8;

/** As often as it changes anything. */
export function settle(world: World, watch: Watch): EtcdOrders | Refusal {
  for (let run = 0; run < MOST_RUNS; run++) {
    const before = inWords(world);
    const ended = up(world, watch);
    if (ended && inWords(world) === before) return ended.orders;
  }
  throw new Error(`up changes something again and again: ${inWords(world)}`);
}

export const DISCARD = '--discard-data';

/** What the next life is to begin from, with what has to be said with it. */
const BEGINNINGS = /(?:--discard-data ([\w,]+) )?(?:--lost ([\w,]+) )?--(empty|snapshot)/g;

/** What a person may do, by what the hint says: each as a change of the world. */
export function waysOut(orders: EtcdOrders | Refusal): Map<string, (now: World) => void> {
  const ways = new Map<string, (now: World) => void>();
  const each = (said: RegExpExecArray | null, way: (now: World, name: string) => void): void => {
    if (said === null) return;
    const names = [...said[0].matchAll(/\bm\d\b/g)].map(([name]) => name);
    if (names.length > 0) ways.set(said[0], (now) => names.forEach((name) => void way(now, name)));
  };
  const said = hintOf(orders);
  const hint = said.replaceAll(BEGINNINGS, '');
  each(/bring back [^;(]*|bring [^,]* back/.exec(hint), bringBack);
  each(/give m\d another address/.exec(hint), (now, name) => {
    machineOf(now, name).url = `https://again-${name}:2380`;
  });
  each(/--lost [\w,]+/.exec(hint), (now, name) => void now.lost.add(name));
  each(/reboot [^;.]*/.exec(hint), reboot);
  each(/unmask etcd.service on [\w, ]+/.exec(hint), (now, name) => void delete machineOf(now, name).data?.masked);
  each(/fix the preflight errors of [\w, ]+/.exec(hint), (now, name) => {
    machineOf(now, name).fit = true;
  });
  if (/restart etcd.service where/.test(hint)) {
    ways.set('restart etcd.service', ({ machines }) => {
      for (const machine of machines) Object.assign(machine, { hung: false, slow: false });
    });
  }
  if (/start those that are off/.test(hint)) {
    ways.set('start those that are off', (now) => {
      for (const { name, reachable } of now.machines) if (!reachable) bringBack(now, name);
    });
  }
  if (/fix the preflight errors(?! of)/.test(hint)) {
    ways.set('fix the preflight errors', ({ machines }) => {
      for (const machine of machines) machine.fit = true;
    });
  }
  for (const [words, discarded, lost, flag] of said.matchAll(BEGINNINGS)) {
    ways.set(words, (now) => {
      if (discarded) now.discardData = new Set(discarded.split(','));
      for (const name of lost?.split(',') ?? []) now.lost.add(name);
      now.beginning = flag === 'empty' ? 'empty' : 'snapshot';
      if (flag === 'empty') return;
      // Named by a person it is the one that is looked at, and found usable.
      const incarnation = now.backup.kind === 'usable' ? now.backup.incarnation : 1;
      now.backup = { kind: 'usable', id: `${incarnation}-1`, incarnation };
    });
  }
  for (const [words, name = '', older, lost] of hint.matchAll(
    /--recover-from (m\d)( --older-data)? goes [^;(]*(?:\(with --lost ([\w,]+))?/g,
  )) {
    ways.set(words, (now) => {
      now.recoverFrom = { name, olderData: older !== undefined };
      for (const each of lost?.split(',') ?? []) now.lost.add(each);
    });
  }
  if (/--discard-data/.test(hint)) {
    // A word for which others have to be given first is given with them.
    const [, data = ''] = /--discard-data ([\w,]+)/.exec(hint) ?? [];
    const [, lost] = /--discard-data[^;]*--lost ([\w,]+)/.exec(hint) ?? [];
    ways.set(DISCARD, (now) => {
      now.discardData = new Set(data.split(','));
      for (const name of lost?.split(',') ?? []) now.lost.add(name);
    });
  }
  return ways;
}

/** Members that were started and make no quorum are a failure whose hint names this: see steps/record.ts. */
function hintOf(orders: EtcdOrders | Refusal): string {
  if (orders.code === 'refused') return orders.hint;
  if (orders.quorum.state !== 'works') return `reboot ${orders.quorum.through.join(', ')}`;
  const asked = [...orders.members.values()].flatMap((order) =>
    order.do === 'leave' && order.ask ? [order.ask.hint] : [],
  );
  // As etcd-members.ts says where etcd takes nobody in, and nobody is known to be in the way.
  const stuck = orders.code === 'rejoin' ? ['restart etcd.service where it hangs'] : [];
  return [...(orders.quorum.blocking ? [orders.quorum.blocking.hint] : stuck), ...asked].join('; ');
}

/** Where another one has its address by now it has got a new one. */
export function bringBack(now: World, name: string): void {
  const machine = machineOf(now, name);
  machine.reachable = true;
  now.lost.delete(name);
  const isTaken = now.machines.some((other) => other !== machine && other.url === machine.url);
  if (isTaken) machine.url = `https://back-${name}:2380`;
}

export function reboot(now: World, name: string): void {
  const machine = machineOf(now, name);
  machine.boot += 1;
  delete machine.data;
  delete machine.claim;
  delete machine.hung;
  delete machine.slow;
}

/** Whether `up` has what it was run for. */
export function isUp(world: World, orders: EtcdOrders | Refusal): boolean {
  return orders.code === 'healthy' && hasQuorum(world);
}
