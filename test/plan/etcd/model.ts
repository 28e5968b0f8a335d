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
import { copiedFirst, type EtcdOrders, type MemberOrder, type Refusal } from '../../../src/plan/etcd-order-types.js';
import { refuseNotFurthest, type Source, snapshotSources } from '../../../src/plan/etcd-recovery.js';
import type { EtcdRecord } from '../../../src/state/records.js';
import { OURS, urlOf } from './situation.js';

/*
 * etcd as far as orders go: who has which data, whom the members know, and whether a quorum answers. It knows what the
 * operator may not: what lies on machines that cannot be read.
 */

export interface Data {
  incarnation: number;
  /** Of the attempt that made it. */
  token: string;
  /** Under which it belongs to its cluster. */
  memberId: string;
  running: boolean;
  masked?: boolean;
  /** An apiserver may have written something that is in it. */
  written: boolean;
  /** How far it goes; 10 where nothing is said. */
  revision?: number;
  /** Its member does not say how far. */
  untold?: boolean;
  /** All of that is in a stray. */
  copied?: boolean;
  /** What the marker says; undefined: it is of an earlier release, and says none of this. */
  role: 'voter' | 'learner' | undefined;
  /** Whether it says that an apiserver may have been started over it. */
  open?: boolean | undefined;
  /** The ID that it names. */
  named?: string | undefined;
}

export interface Machine {
  name: string;
  boot: number;
  /** We reach it. One that we do not may well run, and be reached by the others. */
  reachable: boolean;
  fit: boolean;
  url: string;
  data?: Data;
  /** The marker of a data directory in which nothing was written yet. */
  claim?: Pick<Data, 'incarnation' | 'token' | 'role' | 'open' | 'named'>;
  /** Its process answers nobody. */
  hung?: boolean;
  /** It takes part as ever, and answers us too late. */
  slow?: boolean;
}

export interface World {
  record?: EtcdRecord | undefined;
  machines: Machine[];
  /** The members of the recorded incarnation. */
  entries: EtcdEntry[];
  /** A person's words. */
  lost: Set<string>;
  discardData: Set<string>;
  beginning?: Beginning | undefined;
  recoverFrom?: Recovery | undefined;
  backup: Backup;
  /** Tokens and member IDs that were given out. */
  serial: number;
  /** IDs of members that live on machines which are not among the configured ones. */
  elsewhere: string[];
  /** IDs under which a member ever ran: its vote may stand in the others' logs. */
  started: string[];
}

export const clone = (world: World): World => structuredClone(world);
export const machineOf = ({ machines }: World, name: string): Machine => {
  const found = machines.find((machine) => machine.name === name);
  if (found === undefined) throw new Error(name);
  return found;
};
export const isOfNow = ({ record }: World, { data }: Machine): boolean =>
  data !== undefined && data.incarnation === record?.incarnation && data.token === record.token;

/** It takes part in etcd's traffic: it runs, under an entry, where the others look for it. */
export function takesPart(world: World, machine: Machine): boolean {
  const { data, hung } = machine;
  if (!isOfNow(world, machine) || data?.running !== true || hung) return false;
  return world.entries.some(({ id, peerUrls }) => id === data.memberId && peerUrls.includes(machine.url));
}

const isAlive = (world: World, id: string): boolean =>
  world.elsewhere.includes(id) ||
  world.machines.some((machine) => machine.data?.memberId === id && takesPart(world, machine));

export function hasQuorum(world: World): boolean {
  const voters = world.entries.filter(({ isLearner }) => !isLearner);
  const alive = voters.filter(({ id }) => isAlive(world, id));
  return voters.length > 0 && alive.length > voters.length / 2;
}

/** What the operator sees. */
export function look(world: World): EtcdFacts {
  const { record, machines, lost, discardData, beginning, recoverFrom } = world;
  const members = machines.map((machine): MemberFacts => {
    const { name, url: peerUrl, boot, reachable, fit } = machine;
    if (!reachable) return { name, condition: { kind: 'unreachable', lost: lost.has(name) }, fit: false, peerUrl };
    return { name, bootId: `${name}/${boot}`, condition: conditionOf(machine), fit, peerUrl, ...revisionOf(machine) };
  });
  const lists = record === undefined || record.phase === 'none' ? [] : listsOf(world);
  const isProven = lists.some(({ proven }) => proven);
  return {
    clusterId: OURS,
    members: isProven ? members.map((member) => withId(member, machineOf(world, member.name))) : members,
    discardData,
    newCluster: false,
    backup: unfinishedStray(record) ?? world.backup,
    ...(beginning && { beginning }),
    ...(recoverFrom && { recoverFrom }),
    lists,
    ...(record && { recorded: record }),
  };
}

/** What an unfinished life began with is looked at first, be it a stray. */
function unfinishedStray(record: EtcdRecord | undefined): Backup | undefined {
  const [incarnation, , node] = record?.origin?.snapshot.split('-') ?? [];
  if (record?.phase !== 'bootstrapping' || node === undefined) return undefined;
  return { kind: 'usable', id: record.origin?.snapshot ?? '', incarnation: Number(incarnation) };
}

export const reachOf = ({ revision = 10 }: Pick<Data, 'revision'>): number => revision;

function revisionOf({ data, hung, slow }: Machine): Pick<MemberFacts, 'revision'> {
  if (data?.running !== true || hung || slow || data.untold) return {};
  return { revision: String(reachOf(data)) };
}

/** Who serves says which member it is. */
function withId(member: MemberFacts, { data, hung, slow }: Machine): MemberFacts {
  const { condition } = member;
  if (condition.kind !== 'data' || !condition.running || hung || slow || data === undefined) return member;
  return { ...member, condition: { ...condition, memberId: data.memberId } };
}

function conditionOf({ data, claim }: Machine): MemberCondition {
  if (data === undefined) return { kind: 'blank', ...(claim && owner(claim)) };
  return { kind: 'data', running: data.running, ...(data.masked && { masked: true }), ...owner(data) };
}

function owner({ incarnation, token, role, open, named }: Required<Machine>['claim']) {
  const more = { ...(open !== undefined && { open }), ...(named !== undefined && { memberId: named }) };
  return { clusterId: OURS, incarnation, ...(role && { role, token, ...more }) };
}

function listsOf(world: World): MemberList[] {
  const answering = world.machines.filter(
    (machine) =>
      machine.reachable && isOfNow(world, machine) && machine.data?.running && !machine.hung && !machine.slow,
  );
  const voter = answering.find(
    (machine) =>
      takesPart(world, machine) &&
      world.entries.some(({ id, isLearner }) => id === machine.data?.memberId && !isLearner),
  );
  if (voter && hasQuorum(world)) return [{ by: voter.name, proven: true, entries: world.entries }];
  return answering.map(({ name: by, data, url }) => {
    const isKnown = world.entries.some(({ id }) => id === data?.memberId);
    // It was removed while it was cut off, and knows them as they were when there were all of them.
    const before = world.machines.map(({ name }) => entryOf({ name, url: urlOf(name) }, `${data?.token}/${name}`));
    const self = { id: data?.memberId ?? '', name: by, peerUrls: [url], isLearner: false };
    return {
      by,
      proven: false,
      entries: isKnown ? world.entries : [...before.filter(({ id }) => id !== data?.memberId), self],
    };
  });
}

/** One thing that is done, and either is or is not. */
export interface Act {
  what: string;
  /** On whose machine data goes, if any does. */
  wipes?: string;
  /** Whose data is kept on the operator. */
  copies?: string;
  /** Whose entry goes. */
  removes?: { member: string; id: string };
  begins?: { from: string | undefined; recover?: Recovery };
  /** Nothing after it is done then. */
  refuses?: (world: World) => Refusal | undefined;
  /** Where somebody is taken in: its URL. */
  adds?: string;
  /** Where somebody may be started without data: on whose machine, and under which ID. */
  starts?: { name: string; idIn: (record: EtcdRecord) => string };
  /** @returns false when it fails: what follows on this machine is not done, nor is what others wait for */
  run: (world: World) => boolean;
}

/** What `up` does for these orders, in one of the orders in which it may happen. */
export function actsOf(world: World, orders: EtcdOrders): Act[] {
  const begin = orders.cluster.find((order) => order.do === 'begin-incarnation');
  const acts: Act[] = copiedFirst(orders).map(copying);
  if (begin) {
    acts.push({
      what: `record incarnation ${begin.incarnation}`,
      begins: { from: begin.from, ...(begin.recover && { recover: begin.recover }) },
      refuses: (now) =>
        begin.recover &&
        refuseNotFurthest(begin.recover, [...straysOf(now, orders), ...snapshotSources(begin.recover)]),
      run(now) {
        const { incarnation, members, discarded } = begin;
        now.serial += 1;
        const bootIds = Object.fromEntries(members.map((name) => [name, `${name}/${machineOf(now, name).boot}`]));
        const stray = straysOf(now, orders).find(({ name }) => name === begin.recover?.name);
        const from = stray ? `${stray.incarnation}-${stray.revision}-${stray.name}` : begin.from;
        const origin = from && { origin: { snapshot: from, phase: 'restoring' as const } };
        const token = `t${now.serial}`;
        now.record = { incarnation, phase: 'bootstrapping', token, members, bootIds, discarded, ...origin };
        // It is a word for this life, which is recorded from here on.
        now.beginning = undefined;
        now.recoverFrom = undefined;
        now.entries = members.map((name) => entryOf(machineOf(now, name), `t${now.serial}/${name}`));
        return true;
      },
    });
  }
  const each = [...orders.members].map(([name, order]) => ({ name, order }));
  for (const { name, order } of each) acts.push(...startsOf(name, order));
  const prove: Act = {
    what: 'prove the quorum, and record it',
    run(now) {
      if (!hasQuorum(now)) return false;
      const { record } = now;
      if (record === undefined) return true;
      // A life that was restored has a snapshot of its own before it is open.
      if (record.origin && record.phase === 'bootstrapping') {
        const { incarnation } = record;
        now.backup = { kind: 'usable', id: `${incarnation}-1`, incarnation };
      }
      now.record = { ...record, phase: 'bootstrapped' };
      return true;
    },
  };
  const serving: Act = {
    what: 'apiservers start',
    run(now) {
      if (!hasQuorum(now)) return false;
      for (const machine of now.machines)
        if (isOfNow(now, machine) && machine.data) Object.assign(machine.data, { written: true, copied: false });
      return true;
    },
  };
  const opened = each.flatMap(({ name, order }): Act[] =>
    order.do === 'bootstrap' || order.do === 'resume-bootstrap' ? [opening(name)] : [],
  );
  const removals = orders.cluster.flatMap((order): Act[] => (order.do === 'remove-entry' ? [removal(order)] : []));
  acts.push(prove, ...opened, ...removals, serving);
  for (const { name, order } of each) acts.push(...joinsOf(world, name, order));
  return acts;
}

function entryOf({ name, url }: Pick<Machine, 'name' | 'url'>, id: string, isLearner = false): EtcdEntry {
  return { id, name, peerUrls: [url], isLearner };
}

function startsOf(name: string, order: MemberOrder): Act[] {
  switch (order.do) {
    case 'bootstrap':
    case 'resume-bootstrap':
      return [
        claiming(name, { role: 'voter', open: false }, order.wipe !== undefined),
        starting(name, ({ token }) => `${token}/${name}`),
      ];
    case 'keep':
    case 'start':
      return [starting(name)];
    default:
      return [];
  }
}

function removal({ member, id }: { member: string; id: string }): Act {
  return {
    what: `remove ${id}`,
    removes: { member, id },
    run(now) {
      if (!hasQuorum(now)) return false;
      now.entries = now.entries.filter((entry) => entry.id !== id);
      // It is told, and ends.
      for (const { data } of now.machines) if (data?.memberId === id) data.running = false;
      return true;
    },
  };
}

function joinsOf(world: World, name: string, order: MemberOrder): Act[] {
  const noted = opening(name);
  if (order.do === 'keep') return order.markAs ? [noted] : [];
  if (order.do === 'promote') return [starting(name), promotion(name, () => order.id), noted];
  if (order.do === 'update-peer-url') {
    const update: Act = {
      what: `${name} is at ${order.url}`,
      run(now) {
        const entry = now.entries.find(({ id }) => id === order.id);
        if (!hasQuorum(now) || entry === undefined) return false;
        entry.peerUrls = [order.url];
        return true;
      },
    };
    return [update, starting(name)];
  }
  if (order.do !== 'join-as-learner') return [];
  const id = `m${world.serial}/${name}`;
  const add: Act = {
    what: `add ${id}`,
    adds: machineOf(world, name).url,
    run(now) {
      const { url } = machineOf(now, name);
      const isRefused = now.entries.some(({ isLearner, peerUrls }) => isLearner || peerUrls.includes(url));
      if (!hasQuorum(now) || isRefused || !areAllConnected(now)) return false;
      now.serial += 1;
      now.entries = [...now.entries, { id, name: '', peerUrls: [url], isLearner: true }];
      return true;
    },
  };
  return [
    add,
    claiming(name, { role: 'learner', named: id }, order.wipe !== undefined),
    starting(name, () => id),
    promotion(name, () => id),
    noted,
  ];
}

/** etcd takes in nobody beside a voter that is away. */
function areAllConnected(world: World): boolean {
  return world.entries.every(({ id, isLearner }) => isLearner || isAlive(world, id));
}

function straysOf(world: World, orders: EtcdOrders): Source[] {
  return copiedFirst(orders).flatMap((name) => {
    const { data } = machineOf(world, name);
    return data ? [{ name, incarnation: data.incarnation, revision: String(reachOf(data)) }] : [];
  });
}

/** Its apiserver and etcd are stopped with it. */
function copying(name: string): Act {
  return {
    what: `copy ${name}`,
    copies: name,
    run(now) {
      const { data } = machineOf(now, name);
      if (data) Object.assign(data, { copied: true, running: false });
      return true;
    },
  };
}

function claiming(name: string, marking: Pick<Data, 'role' | 'open' | 'named'>, wipe: boolean): Act {
  const { role } = marking;
  return {
    what: `claim ${name}`,
    ...(wipe && { wipes: name }),
    run(now) {
      const machine = machineOf(now, name);
      const { incarnation = 0, token = '' } = now.record ?? {};
      if (wipe) delete machine.data;
      // That of a bootstrap that is resumed says it already.
      // Data of an old release stays as unsure as it was.
      if (machine.data) Object.assign(machine.data, { role });
      else machine.claim = { incarnation, token, open: now.record?.phase === 'bootstrapped', ...marking };
      return true;
    },
  };
}

function starting(name: string, memberId?: (record: EtcdRecord) => string): Act {
  return {
    what: `start ${name}`,
    ...(memberId && { starts: { name, idIn: memberId } }),
    run(now) {
      const machine = machineOf(now, name);
      const { data, claim } = machine;
      if (data?.masked) return false;
      if (data) {
        // Who was removed finds it out, and ends again.
        data.running = isOfNow(now, machine) ? now.entries.some(({ id }) => id === data.memberId) : true;
        return true;
      }
      if (memberId === undefined || claim === undefined || now.record === undefined) return false;
      machine.data = { ...claim, memberId: memberId(now.record), running: true, written: false };
      now.started = [...now.started, machine.data.memberId];
      delete machine.claim;
      delete machine.hung;
      delete machine.slow;
      const entry = now.entries.find(({ id }) => id === machine.data?.memberId);
      if (entry) entry.name = name;
      return true;
    },
  };
}

function promotion(name: string, idOf: () => string): Act {
  return {
    what: `promote ${name}`,
    run(now) {
      const id = idOf();
      const entry = now.entries.find((each) => each.id === id);
      const machine = machineOf(now, name);
      const isInSync = machine.data?.memberId === id && takesPart(now, machine);
      if (entry && hasQuorum(now) && isInSync) {
        entry.isLearner = false;
        if (machine.data) machine.data.written = true;
        return true;
      }
      // It is given up, so that others may join.
      if (hasQuorum(now)) now.entries = now.entries.filter((each) => each.id !== id || !each.isLearner);
      return false;
    },
  };
}

/** Noted before its apiserver starts, and where it was promoted. */
function opening(name: string): Act {
  return {
    what: `open ${name}`,
    run({ machines, entries, record }) {
      const data = machines.find((machine) => machine.name === name)?.data;
      if (data === undefined) return false;
      Object.assign(data, { role: 'voter', open: record?.phase === 'bootstrapped', named: data.memberId });
      return entries.some(({ id }) => id === data.memberId);
    },
  };
}
