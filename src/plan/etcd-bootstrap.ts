import type { EtcdRecord } from '../state/records.js';
import {
  absences,
  absentNames,
  type EtcdFacts,
  isCurrent,
  isFit,
  type MemberFacts,
  majorityOf,
  names,
  of,
  unaccounted,
} from './etcd-facts.js';
import { type BootstrapReason, type EtcdVerdict, type Refusal, refused } from './etcd-outcome.js';

/* New lives of etcd's data: the first, one that was interrupted, and the next. */

export function firstBootstrap(facts: EtcdFacts, incarnation: number): EtcdVerdict {
  const blank = of(facts, 'blank').filter(isFit);
  if (blank.length < majorityOf(facts.members.length)) return noMajority(facts, blank);
  return { code: 'bootstrap', incarnation, start: names(blank), wipe: [], absent: absentNames(facts), why: 'first' };
}

/** No apiserver ever ran on it, so it holds no objects and may be thrown away. */
export function unfinishedBootstrap(facts: EtcdFacts, recorded: EtcdRecord): EtcdVerdict {
  const reachable = facts.members.filter((member) => member.condition.kind !== 'unreachable');
  const usable = reachable.filter(isFit);
  if (usable.length < majorityOf(facts.members.length)) return noMajority(facts, usable);
  const sameMembers = names(usable).toSorted().join() === recorded.members.toSorted().join();
  const sameEpochs = usable.every((member) => recorded.bootIds[member.name] === member.bootId);
  const absent = absentNames(facts);
  if (sameMembers && sameEpochs) {
    const past = usable.filter((member) => member.condition.kind === 'data' && !isCurrent(recorded)(member));
    const { incarnation } = recorded;
    return { code: 'resume-bootstrap', incarnation, start: names(usable), wipe: names(past), absent };
  }
  const wipe = names(usable.filter(({ condition }) => condition.kind === 'data'));
  const incarnation = recorded.incarnation + 1;
  return { code: 'bootstrap', incarnation, start: names(usable), wipe, absent, why: 'unfinished' };
}

/** Nothing is left of the last one, or a person gave it up. */
export function nextIncarnation(facts: EtcdFacts, recorded: EtcdRecord, why: BootstrapReason): EtcdVerdict {
  const usable = facts.members.filter((member) => member.condition.kind !== 'unreachable' && member.fit);
  if (usable.length < majorityOf(facts.members.length)) return noMajority(facts, usable);
  return {
    code: 'bootstrap',
    incarnation: recorded.incarnation + 1,
    start: names(usable),
    wipe: names(usable.filter(({ condition }) => condition.kind === 'data')),
    absent: absentNames(facts),
    why,
  };
}

/** Asked for by a person, and never over data: whoever has some is rebooted first, by that person. */
export function newCluster(facts: EtcdFacts, recorded: EtcdRecord): EtcdVerdict {
  const holders = names(of(facts, 'data'));
  if (holders.length > 0) {
    return refused(
      'not-blank',
      `${holders.join(', ')} ${holders.length === 1 ? 'holds' : 'hold'} etcd data of the recorded cluster, and a new one begins on blank control planes only`,
      `save what is wanted of it, reboot ${holders.join(', ')}, and run the same command again`,
    );
  }
  const away = unaccounted(facts);
  return away.length > 0 ? mayHoldData(away) : nextIncarnation(facts, recorded, 'new-cluster');
}

/** No verdict is built on the silence of a machine. */
export function mayHoldData(away: readonly MemberFacts[]): Refusal {
  const unknown = names(away);
  return refused(
    'may-hold-data',
    `no reachable control plane has the cluster's data; ${absences(away)} and may still have it`,
    `bring ${unknown.join(' or ')} back, or confirm with --lost ${unknown.join(',')} that it is permanently off and its data lost`,
  );
}

function noMajority(facts: EtcdFacts, usable: readonly MemberFacts[]): Refusal {
  const unfit = facts.members.filter(({ condition, fit }) => condition.kind !== 'unreachable' && !fit);
  const absent = of(facts, 'unreachable');
  const barred = absent.filter(({ condition }) => condition.kind === 'unreachable' && condition.obstacle !== undefined);
  const reasons = [
    ...(absent.length > 0 ? [absences(absent)] : []),
    ...(unfit.length > 0 ? [`${names(unfit).join(', ')} did not pass preflight`] : []),
  ];
  const remedies = [
    ...(unfit.length > 0 ? ['fix the preflight errors'] : []),
    ...(barred.length > 0 ? [`fix SSH access to ${names(barred).join(', ')}`] : []),
    ...(absent.length > barred.length ? ['start those that are off'] : []),
  ];
  return refused(
    'no-majority',
    `only ${usable.length} of ${facts.members.length} control planes can be used: ${reasons.join('; ')}`,
    `${remedies.join(', ')}, or name other control planes with --control-plane`,
  );
}
