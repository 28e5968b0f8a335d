import { describe, expect, it } from 'vitest';
import { majorityOf, type Recovery } from '../../src/plan/etcd-facts.js';
import { drawn } from '../helpers/drawn.js';
import { bringBack, DISCARD, inWords, isUp, reboot, settle, up, type Watch, waysOut } from './etcd/drive.js';
import {
  type Act,
  clone,
  hasQuorum,
  isOfNow,
  type Machine,
  machineOf,
  reachOf,
  takesPart,
  type World,
} from './etcd/model.js';
import { CURRENT, said } from './etcd/situation.js';
import { type Begun, combinationsOfKinds, KINDS, TAKER, worldOf } from './etcd/worlds.js';

/*
 * Orders, carried out on a modelled etcd, from every state that it may be found in: all of them for one and three
 * members, a drawn choice for five; and a drawn choice of those that an interrupted life, an older copy of the record or
 * swapped names make of them. What they must not say whatever they are asked is in etcd-orders.facts.test.ts.
 */

const FIVES = 200;
const VARIED = 300;

interface Start {
  title: string;
  world: World;
}

/** As the record has it; and of a drawn choice what else may have come of it. */
function startsOf(count: number): Start[] {
  const all = combinationsOfKinds(count);
  const plain = (count < 5 ? all : drawn(all, FIVES)).map((kinds) => ({
    title: kinds.join(' + '),
    world: worldOf(kinds),
  }));
  return [...plain, ...drawn(all, Math.min(all.length, VARIED)).flatMap((kinds) => variantsOf(kinds))];
}

function variantsOf(kinds: readonly string[]): Start[] {
  const title = kinds.join(' + ');
  const unfinished = { phase: 'bootstrapping' } as const;
  // Who has another one's address had it before the life began.
  const mayBeUnfinished = !kinds.includes(TAKER);
  const maySwap = kinds.length > 1 && !kinds.some((kind) => KINDS[kind]?.hasNamesake);
  const kept = { kind: 'usable', id: `${CURRENT}-1`, incarnation: CURRENT } as const;
  const withBackup = (backup: World['backup'], begun?: Begun): World => ({ ...worldOf(kinds, begun), backup });
  const restoring = withBackup(kept, { ...unfinished, rebooted: 0 });
  if (restoring.record) restoring.record.origin = { snapshot: kept.id, phase: 'restoring' };
  return [
    { title: `${title}, with a snapshot`, world: withBackup(kept) },
    {
      title: `${title}, with a snapshot of an earlier life`,
      world: withBackup({ kind: 'usable', id: `${CURRENT - 1}-1`, incarnation: CURRENT - 1 }),
    },
    {
      title: `${title}, with a damaged snapshot`,
      world: withBackup({ kind: 'unusable', why: 'it is damaged', ways: '--snapshot names another' }),
    },
    { title: `${title}, by an old copy of the record`, world: worldOf(kinds, { ...unfinished, isCopy: true }) },
    ...(maySwap
      ? [{ title: `${title}, two names swapped`, world: worldOf(kinds, { phase: 'bootstrapped', isSwapped: true }) }]
      : []),
    ...(mayBeUnfinished
      ? [
          { title: `${title}, never finished`, world: worldOf(kinds, unfinished) },
          {
            title: `${title}, never finished, the first rebooted`,
            world: worldOf(kinds, { ...unfinished, rebooted: 0 }),
          },
          { title: `${title}, a restore that never finished, the first rebooted`, world: restoring },
        ]
      : []),
  ];
}

/** What must hold whenever something is done. */
const isSafe: Watch = (act, before) => {
  if (act.wipes !== undefined) expectNothingLost(act, before, machineOf(before, act.wipes));
  if (act.begins) for (const machine of before.machines) expectNotLeftBehind(act, before, machine);
  if (act.begins?.recover) expectFurthest(act, before, act.begins.recover);
  if (act.begins) expectNoQuorum(act, before);
  if (act.begins && !act.begins.recover) expectRemembered(act, before, act.begins.from);
  if (act.removes !== undefined) expectGone(act, before, act.removes.id);
  if (act.adds !== undefined) expectFree(act, before, act.adds);
  if (act.starts !== undefined) expectNewId(act, before, act.starts);
};

const fail = (act: Act, world: World): never => expect.fail(`${act.what}: ${inWords(world)}`);

/**
 * Data that objects were written to goes only when a quorum has all of it; or once it is copied, by a person's word that
 * names it, or where it is of an older life and a quorum of the one that lives works.
 */
function expectNothingLost(act: Act, world: World, { name, boot, data }: Machine): void {
  const { record, discardData } = world;
  const isEarlier = data?.incarnation !== record?.incarnation;
  const given = isEarlier && record?.discarded?.includes(name) === true && record.bootIds[name] === `${name}/${boot}`;
  if (data === undefined || !data.written || (hasQuorum(world) && !isEarlier)) return;
  if (data.copied !== true) fail(act, world);
  if (!discardData.has(name) && !given && !(isEarlier && hasQuorum(world))) fail(act, world);
}

/** A new life begins beside no data that was written in the last one, unless a person gave that up. */
function expectNotLeftBehind(act: Act, world: World, machine: Machine): void {
  if (!isOfNow(world, machine) || !machine.data?.written) return;
  const { reachable, name } = machine;
  if (act.begins?.recover && reachable && machine.data.copied) return;
  if (reachable ? !world.discardData.has(name) : !world.lost.has(name)) fail(act, world);
}

/** Of what members hold the next life is made of the furthest, unless a person asks for less. */
function expectFurthest(act: Act, world: World, { name, olderData }: Recovery): void {
  const base = machineOf(world, name).data;
  if (base === undefined) fail(act, world);
  const isFurther = ({ data }: Machine): boolean =>
    base !== undefined &&
    data?.incarnation === base.incarnation &&
    data.token === base.token &&
    reachOf(data) > reachOf(base);
  if (!olderData && world.machines.some((machine) => machine.reachable && isFurther(machine))) fail(act, world);
}

/** A cluster that had a past is never begun empty by itself, nor from another past than the last. */
function expectRemembered(act: Act, { record, backup, beginning, ...world }: World, from: string | undefined): void {
  if (beginning !== undefined || record === undefined) return;
  if (record.phase === 'bootstrapping') {
    // A copy from before it was finished does not know what was kept since.
    if (from !== record.origin?.snapshot && backup.kind !== 'usable') fail(act, { ...world, record, backup });
    return;
  }
  const isLast = backup.kind === 'usable' && backup.id === from && backup.incarnation >= record.incarnation;
  if (!isLast && backup.kind !== 'none') fail(act, { ...world, record, backup });
}

/** Nor where a quorum works that we reach, or can be brought up: no word is taken for that. */
function expectNoQuorum(act: Act, world: World): void {
  // Where no object was ever written there is nothing to keep.
  if (!world.machines.some((machine) => isOfNow(world, machine) && machine.data?.written)) return;
  const answers = world.machines.some((machine) => machine.reachable && takesPart(world, machine) && isVoter(machine));
  if (answers && hasQuorum(world)) fail(act, world);
  const voters = world.entries.filter(({ isLearner }) => !isLearner);
  const usable = world.machines.filter(
    (machine) =>
      machine.reachable && isVoter(machine) && machine.data?.written && (machine.data.running || isReady(machine)),
  );
  if (voters.length > 0 && usable.length >= majorityOf(voters.length)) fail(act, world);

  function isVoter({ data }: Machine): boolean {
    return world.entries.some(({ id, isLearner }) => id === data?.memberId && !isLearner);
  }
}

const isReady = ({ fit, data }: Machine): boolean => fit && data?.masked !== true;

/** At another member's URL etcd hands out that one's ID. */
function expectFree(act: Act, world: World, url: string): void {
  const isOfOther = world.entries.some(
    ({ name, isLearner, peerUrls }) => peerUrls.includes(url) && !(isLearner && name === ''),
  );
  // Without a quorum nobody is added.
  if (isOfOther && hasQuorum(world)) fail(act, world);
}

/** A member that lost its data never comes back under its old ID. */
function expectNewId(act: Act, world: World, { name, idIn }: NonNullable<Act['starts']>): void {
  if (machineOf(world, name).data !== undefined || world.record === undefined) return;
  if (world.started.includes(idIn(world.record))) fail(act, world);
}

/** An entry goes when its data is gone, or is no vote. */
function expectGone(act: Act, world: World, id: string): void {
  const isLearner = world.entries.some((entry) => entry.id === id && entry.isLearner);
  const holder = world.machines.find(({ data }) => data?.memberId === id);
  if (!isLearner && holder !== undefined && !world.lost.has(holder.name)) fail(act, world);
  // Who is meant by a name is for a person to say: by a reboot of the machine that it leads to.
  const named = world.entries.find((entry) => entry.id === id)?.name;
  const isMeant = world.machines.some(({ name, data, reachable }) => name === named && reachable && data === undefined);
  if (world.elsewhere.includes(id) && !isMeant) fail(act, world);
}

const hint = (orders: ReturnType<typeof settle>): string => ('hint' in orders ? orders.hint : '');

/** Worlds by what they say. */
interface Seen {
  good: Set<string>;
  /** Those that led to the one that is looked at. */
  open: Set<string>;
}

/** Between what a person was told and their word for it, another machine is rebooted, or comes back. */
function expectNothingElseDiscarded(given: World): void {
  for (const { name, reachable } of given.machines) {
    const other = clone(given);
    if (reachable) reboot(other, name);
    else bringBack(other, name);
    settle(other, isSafe);
  }
}

/** Whoever of those that have data is named where no quorum can be made. */
function expectRecoverable(lost: World): void {
  for (const { name, data } of lost.machines) {
    if (data === undefined) continue;
    const named = clone(lost);
    named.recoverFrom = { name, olderData: false };
    settle(named, isSafe);
  }
}

/** Follows what the message says, whichever of its ways is taken, until the cluster is up. */
function expectWayOut(world: World, title: string, seen: Seen, wordsLeft = 12): void {
  const found = inWords(world);
  if (seen.good.has(found)) return;
  const orders = settle(world, isSafe);
  const settled = inWords(world);
  const ways = isUp(world, orders) || seen.good.has(settled) ? [] : [...waysOut(orders)];
  const where = (): string => `${title}: ${JSON.stringify(said(orders))} ${hint(orders)} ${settled}`;
  // Whoever does what the message says must not be told the same again.
  if (seen.open.has(settled)) expect.fail(`leads back to where it was: ${where()}`);
  if (!isUp(world, orders) && !seen.good.has(settled) && (ways.length === 0 || wordsLeft === 0)) expect.fail(where());
  if (orders.code === 'refused' && orders.reason === 'quorum-lost') expectRecoverable(world);
  seen.open.add(settled);
  for (const [words, way] of ways) {
    const next = clone(world);
    // It is for the command that it was given to.
    next.discardData.clear();
    next.beginning = undefined;
    next.recoverFrom = undefined;
    way(next);
    if (words === DISCARD) expectNothingElseDiscarded(next);
    expectWayOut(next, title, seen, wordsLeft - 1);
  }
  seen.open.delete(settled);
  seen.good.add(found).add(settled);
}

describe.each([1, 3, 5])('from every state of %i members', { timeout: 300_000 }, (count) => {
  const starts = startsOf(count);
  const seen: Seen = { good: new Set(), open: new Set() };

  it('what is done loses nothing without a word, ends, and leaves a way out that its message names', () => {
    for (const { title, world } of starts) expectWayOut(clone(world), title, seen);
  });

  it('it ends as well when `up` is killed between any two of its acts', () => {
    for (const { title, world } of starts) {
      for (let kill = 0; ; kill++) {
        const killed = clone(world);
        const whole = up(killed, isSafe, kill) !== undefined;
        if (whole) break;
        expectWayOut(killed, `${title}, killed after ${kill} acts`, seen);
      }
    }
  });
});
