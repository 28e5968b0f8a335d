import { isDeepStrictEqual } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EtcdEntry, MemberFacts } from '../../src/plan/etcd-facts.js';
import { type EtcdOrders, type MemberOrder, type Refusal, wipes } from '../../src/plan/etcd-order-types.js';
import type { EtcdRecord } from '../../src/state/records.js';
import { drawn } from '../helpers/drawn.js';
import { combinations } from './etcd/combinations.js';
import { type Circumstances, entry, judge, RECORD, removed, said } from './etcd/situation.js';

/*
 * What no orders may ever say, over combinations of facts of which some will never be seen together: all of them for one
 * and three members, a drawn choice for five.
 */

const FIVES = 3_000;

/** A member's condition, and what is not as usual with it: every reachable one is fit, and a voter. */
const KINDS = [
  ...['blank', 'running', 'begun', 'old', 'stopped', 'masked', 'older', 'unknown', 'claimed', 'unreachable', 'lost'],
  ...['blank unfit', 'running unfit', 'stopped unfit', 'older unfit'],
  ...['learner -learner', 'running -learner', 'running -absent', 'stopped -absent unfit', 'unreachable -learner'],
];
const wordsOf = (kind: string): string[] => kind.split(' ');
const conditionOf = (kind: string): string => wordsOf(kind)[0] ?? '';

interface Judged extends Circumstances {
  kinds: string[];
  phase: EtcdRecord['phase'];
  orders: EtcdOrders | Refusal;
}

/** In every phase: with a quorum, with what members know, and in silence; the loss accepted or not; epochs the same or not. */
function* situations(count: number): Generator<Judged> {
  const all = combinations(KINDS, count);
  for (const kinds of count < 5 ? all : drawn(all, FIVES)) {
    const members = Object.fromEntries(
      kinds.map((kind, index): [string, Partial<MemberFacts>] => [
        `m${index}`,
        wordsOf(kind).includes('unfit') ? { fit: false } : {},
      ]),
    );
    const names = Object.keys(members);
    const entries = kinds.flatMap((kind, index): EtcdEntry[] => {
      const words = wordsOf(kind);
      return words.includes('-absent') ? [] : [entry(`m${index}`, { isLearner: words.includes('-learner') })];
    });
    const voters = kinds.filter((kind) => !/-learner|-absent/.test(kind));
    const alive = voters.filter((kind) =>
      ['running', 'begun', 'old', 'unreachable', 'lost'].includes(conditionOf(kind)),
    );
    const mayWork = alive.length > voters.length / 2 && voters.some((kind) => /^(running|begun|old)/.test(kind));
    for (const discardData of [[], ['m0'], names]) {
      for (const phase of ['none', 'bootstrapping', 'bootstrapped'] as const) {
        for (const epoch of phase === 'bootstrapping' ? ['boot', 'earlier'] : ['boot']) {
          const bootIds = Object.fromEntries(names.map((name, index) => [name, `${epoch}-${index}`]));
          const record: EtcdRecord = { ...RECORD, phase, members: names, bootIds };
          for (const told of [{ silent: true }, {}, ...(mayWork ? [{ quorumProven: true }] : [])]) {
            const asked = { record, members, entries, discardData, ...told };
            yield { kinds, phase, ...asked, orders: judge(kinds.map(conditionOf), asked) };
          }
        }
      }
    }
  }
}

describe.each([1, 3, 5])('every combination over %i members', { timeout: 300_000 }, (count) => {
  let all: Judged[] = [];
  beforeAll(() => {
    all = [...situations(count)];
  }, 300_000);

  const fail = ({ kinds, phase, orders, silent, quorumProven, discardData }: Judged, why = ''): never =>
    expect.fail(`${why} ${JSON.stringify({ kinds, phase, silent, quorumProven, discardData, orders: said(orders) })}`);

  /** Each order of each member, with the kind of that member. */
  function* orders(): Generator<{ each: Judged; name: string; kind: string; order: MemberOrder; given: EtcdOrders }> {
    for (const each of all) {
      if (each.orders.code === 'refused') continue;
      const given = each.orders;
      for (const [index, kind] of each.kinds.entries()) {
        const name = `m${index}`;
        const order = given.members.get(name);
        if (order === undefined) fail(each, `${name} has no order`);
        else yield { each, name, kind, order, given };
      }
    }
  }

  it('they do not depend on the order in which etcd tells its members, which is that of their IDs', () => {
    for (const each of all) {
      if (each.silent) continue;
      const entries = each.entries?.toReversed() ?? [];
      const turned = judge(each.kinds.map(conditionOf), { ...each, entries });
      if (!isDeepStrictEqual(turned, each.orders)) fail(each, JSON.stringify(turned));
    }
  });

  it('each member has one order, and each refusal a way out', () => {
    for (const { each, order } of orders()) if (order === undefined) fail(each);
    const ways = /--discard-data m|--lost|reboot m|bring|unmask|preflight errors|those that are off|the list/;
    for (const each of all) {
      if (each.orders.code === 'refused' && !ways.test(each.orders.hint)) fail(each, each.orders.hint);
    }
  });

  it('nothing is touched where data shows that is not ours', () => {
    for (const each of all) {
      const strange = each.kinds.some((kind) => ['unknown', 'claimed'].includes(kind));
      if (strange && each.orders.code !== 'refused') fail(each);
    }
  });

  it('a machine that failed its preflight, cannot be reached, or whose unit is masked is left alone', () => {
    for (const { each, kind, order } of orders()) {
      const isClosed = /unfit|unreachable|lost|masked/.test(kind);
      if (isClosed && !['leave', 'wait'].includes(order.do)) fail(each, kind);
    }
  });

  it('what may be the only copy is never wiped without a word', () => {
    for (const { each, name, kind, order } of orders()) {
      if (!('wipe' in order) || order.wipe === undefined || each.discardData?.includes(name)) continue;
      // A quorum has all of it; or the marker names the attempt, in which nothing was ever written.
      const isCopy = order.wipe === 'rejoin' && each.quorumProven && /-learner|-absent/.test(kind);
      // It is of a life that is over, beside one that lives; what it holds is kept on the operator.
      const isOver = order.wipe === 'older' && each.quorumProven && /^older/.test(kind);
      const isEmpty =
        order.wipe === 'unfinished' &&
        each.phase === 'bootstrapping' &&
        /^begun/.test(kind) &&
        !each.kinds.some((other) => /^(running|stopped|learner|masked)/.test(other));
      if (!isCopy && !isOver && !isEmpty) fail(each, kind);
    }
  });

  it('from a copy that nothing has proven, nothing goes or begins where a member holds data; the rest is as ever', () => {
    for (const each of all) {
      const orders = judge(each.kinds.map(conditionOf), { ...each, unproven: true });
      const holders = each.kinds.filter((kind) => !/^(blank|claimed|unreachable|lost)/.test(kind));
      const begins = orders.code === 'bootstrap' || orders.code === 'resume-bootstrap';
      if (orders.code !== 'refused' && (wipes(orders).size > 0 || (begins && holders.length > 0)))
        fail(each, said(orders).code as string);
      const isOwn = orders.code === 'refused' && orders.reason === 'state-unproven';
      if (!isOwn && !isDeepStrictEqual(orders, each.orders)) fail(each, JSON.stringify(said(orders)));
      if (isOwn && !/reboot m\d/.test(orders.hint)) fail(each, orders.hint);
    }
  });

  it('no word is taken over voters that a quorum works with, or may come of', () => {
    for (const { each, kind, order } of orders()) {
      const isVoter = /^(running|begun|old|stopped)( unfit)?$/.test(kind);
      const mayCome = each.quorumProven || (each.silent && each.phase === 'bootstrapped');
      if (isVoter && mayCome && 'wipe' in order && order.wipe !== undefined) fail(each, kind);
    }
  });

  it('nobody begins over data that was not wiped, and none but a majority of the configured ones does', () => {
    for (const { each, kind, order, given } of orders()) {
      if (order.do !== 'bootstrap') continue;
      if (/^(running|begun|old|stopped|learner|older)/.test(kind) !== (order.wipe !== undefined)) fail(each, kind);
      if (given.quorum.through.length <= each.kinds.length / 2) fail(each);
    }
  });

  it('members are taken in, promoted, moved and removed only as a quorum knows them', () => {
    for (const { each, order } of orders()) {
      if (['join-as-learner', 'promote', 'update-peer-url'].includes(order.do) && !each.quorumProven) fail(each);
    }
    for (const each of all) {
      const gone = removed(each.orders).map((name) => each.kinds[Number(name.slice(1))] ?? '');
      if (gone.length > 0 && !each.quorumProven) fail(each);
      const mayGo = /^(blank|older|lost)|-learner/;
      if (gone.some((kind) => !mayGo.test(kind))) fail(each, gone.join());
    }
  });

  it('a member without data is never started beside some that have theirs', () => {
    for (const { each, kind, order } of orders()) {
      if (['keep', 'start', 'promote'].includes(order.do) && !/^(running|begun|old|stopped|learner)( |$)/.test(kind)) {
        fail(each, kind);
      }
    }
  });
});

it('orders do not depend on the order of the members', () => {
  const sequences = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  const conditions = KINDS.filter((kind) => !kind.includes(' '));
  for (const chosen of combinations(conditions, 3)) {
    const codes = sequences.map((sequence) => judge(sequence.map((index) => chosen[index] ?? '')).code);
    expect(new Set(codes).size, chosen.join()).toBe(1);
  }
});
