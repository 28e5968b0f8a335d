import type { EtcdRecord } from '../state/records.js';

/** What one configured member's machine holds, as far as we can tell. */
export type MemberCondition =
  | { kind: 'blank' }
  | {
      kind: 'data';
      running: boolean;
      /** From our marker beside the data; undefined when the data is not ours. */
      clusterId?: string;
      incarnation?: number;
    }
  /** `lost`: a person's word that it is off and its data gone. */
  | { kind: 'unreachable'; lost: boolean };

/** What a quorum says of a configured member. `absent`: it has no entry, and its data can never come back under one. */
export type Membership = 'voter' | 'learner' | 'absent';

export interface MemberFacts {
  name: string;
  bootId?: string;
  condition: MemberCondition;
  /** Its machine passed preflight: it may be started, wiped, or brought back in this run. */
  fit: boolean;
  /** Known only when a quorum was proven. */
  membership?: Membership;
}

export interface EtcdFacts {
  clusterId: string;
  /** undefined when no state was recorded. */
  recorded?: EtcdRecord;
  /** The configured members, i.e. the control planes. */
  members: readonly MemberFacts[];
  /** A linearizable read succeeded through some member just now. */
  quorumProven: boolean;
  /** A person accepts the loss of data that no quorum can be made of. */
  discardData: boolean;
}

export type EtcdVerdict =
  /** Start all `start` members at once with state `new`; wipe what `wipe` hold first. */
  | { code: 'bootstrap'; incarnation: number; start: string[]; wipe: string[]; absent: string[]; why: BootstrapReason }
  /** Continue an interrupted bootstrap under its recorded token; `wipe` still hold what it was to take the place of. */
  | { code: 'resume-bootstrap'; incarnation: number; start: string[]; wipe: string[]; absent: string[] }
  /**
   * No quorum answers, but `holders` have their data: bring them up and see. `waiting` are judged again after that.
   * `otherwise`: what is to be said when no quorum comes of it; undefined when the holders are a majority.
   */
  | { code: 'revive'; holders: string[]; waiting: string[]; absent: string[]; otherwise?: Refusal }
  /** Quorum works; `holders` are its voters that were read. `forget`: what they held is gone, so their entries go too. */
  | { code: 'healthy'; holders: string[]; forget: string[]; absent: string[] }
  /**
   * Quorum works; bring blank members back one after another as learners, wiping data that has no place in it.
   * `blocking`: voters that cannot be reached, beside which etcd may take nobody in.
   */
  | {
      code: 'rejoin';
      holders: string[];
      blank: string[];
      wipe: string[];
      forget: string[];
      blocking: string[];
      absent: string[];
    }
  /** A person must decide. */
  | Refusal;

export interface Refusal {
  code: 'refused';
  reason: RefusalReason;
  message: string;
  hint: string;
}

export type BootstrapReason = 'first' | 'unfinished' | 'all-blank' | 'discarded';
export type RefusalReason =
  | 'unknown-data'
  | 'foreign-data'
  | 'future-data'
  | 'no-majority'
  | 'quorum-lost'
  | 'may-hold-data';

/**
 * The one place that decides what happens to etcd data (design §7). Pure; guesses nothing: whatever is not provably
 * safe is refused with what a person can do.
 */
export function etcdVerdict(facts: EtcdFacts): EtcdVerdict {
  const strange = refuseStrangeData(facts);
  if (strange) return strange;
  const recorded = facts.recorded;
  if (recorded === undefined || recorded.phase === 'none')
    return firstBootstrap(facts, (recorded?.incarnation ?? 0) + 1);
  if (recorded.phase === 'bootstrapping') return unfinishedBootstrap(facts, recorded);
  return facts.quorumProven ? withQuorum(facts, recorded) : withoutQuorum(facts, recorded);
}

const names = (members: readonly MemberFacts[]): string[] => members.map((member) => member.name);
const majorityOf = (count: number): number => Math.floor(count / 2) + 1;
const of = (facts: EtcdFacts, kind: MemberCondition['kind']): MemberFacts[] =>
  facts.members.filter((member) => member.condition.kind === kind);
const absentNames = (facts: EtcdFacts): string[] => names(of(facts, 'unreachable'));
const isFit = ({ fit }: MemberFacts): boolean => fit;
const runs = ({ condition }: MemberFacts): boolean => condition.kind === 'data' && condition.running;

function refused(reason: RefusalReason, message: string, hint: string): Refusal {
  return { code: 'refused', reason, message, hint };
}

function refuseStrangeData(facts: EtcdFacts): Refusal | undefined {
  const known = facts.recorded !== undefined && facts.recorded.phase !== 'none';
  for (const { name, condition } of facts.members) {
    if (condition.kind !== 'data') continue;
    if (!known) {
      return refused(
        'unknown-data',
        `${name} holds etcd data that this state directory does not know`,
        'use the state directory of the cluster it belongs to (--state-dir), or reboot the node if its data may go',
      );
    }
    if (condition.clusterId !== facts.clusterId) {
      return refused(
        'foreign-data',
        `${name} holds etcd data of another cluster`,
        'take the node off the list, or reboot it if its data may go',
      );
    }
    if ((condition.incarnation ?? 0) > (facts.recorded?.incarnation ?? 0)) {
      return refused(
        'future-data',
        `${name} holds data of incarnation ${condition.incarnation}, this state directory knows only ${facts.recorded?.incarnation}`,
        'this is an old copy of the state directory: use the newest one',
      );
    }
  }
  return undefined;
}

function firstBootstrap(facts: EtcdFacts, incarnation: number): EtcdVerdict {
  const blank = of(facts, 'blank').filter(isFit);
  if (blank.length < majorityOf(facts.members.length)) return noMajority(facts, blank);
  return { code: 'bootstrap', incarnation, start: names(blank), wipe: [], absent: absentNames(facts), why: 'first' };
}

function noMajority(facts: EtcdFacts, usable: readonly MemberFacts[]): Refusal {
  const unfit = facts.members.filter(({ condition, fit }) => condition.kind !== 'unreachable' && !fit);
  const absent = absentNames(facts);
  const reasons = [
    ...(absent.length > 0 ? [`${absent.join(', ')} cannot be reached`] : []),
    ...(unfit.length > 0 ? [`${names(unfit).join(', ')} did not pass preflight`] : []),
  ];
  const remedy = unfit.length > 0 ? 'mend what preflight says' : 'start them';
  return refused(
    'no-majority',
    `only ${usable.length} of ${facts.members.length} control planes can be used: ${reasons.join('; ')}`,
    `${remedy}, or name other control planes with --control-plane`,
  );
}

/** No apiserver ever ran on it, so it holds no objects and may be thrown away. */
function unfinishedBootstrap(facts: EtcdFacts, recorded: EtcdRecord): EtcdVerdict {
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

const isCurrent =
  ({ incarnation }: EtcdRecord) =>
  ({ condition }: MemberFacts): boolean =>
    condition.kind === 'data' && condition.incarnation === incarnation;

/**
 * Besides the blank ones, these come back as new members: data of an older incarnation, learners of an interrupted run,
 * and data whose entry was removed.
 */
function withQuorum(facts: EtcdFacts, recorded: EtcdRecord): EtcdVerdict {
  const absent = absentNames(facts);
  const blank = of(facts, 'blank').filter(isFit);
  const isHolder = (member: MemberFacts): boolean => isCurrent(recorded)(member) && member.membership === 'voter';
  const holders = names(facts.members.filter(isHolder));
  const misplaced = of(facts, 'data')
    .filter((member) => !isHolder(member))
    .filter(isFit);
  const gone = facts.members.filter(isGone);
  if (blank.length + misplaced.length === 0) return { code: 'healthy', holders, forget: names(gone), absent };
  const away = unaccounted(facts);
  // There may be one learner at a time, and one that cannot be reached has no vote to lose.
  const learners = away.filter(({ membership }) => membership === 'learner');
  return {
    code: 'rejoin',
    holders,
    blank: names([...blank, ...misplaced]),
    wipe: names(misplaced),
    forget: names([...gone, ...learners]),
    blocking: names(away.filter(({ membership }) => membership === 'voter')),
    absent,
  };
}

/** It has an entry, and can never come back under it: it is lost, or was read and is blank on a machine that is not fit. */
function isGone({ condition, membership = 'absent', fit }: MemberFacts): boolean {
  const dataIsGone = condition.kind === 'unreachable' ? condition.lost : condition.kind === 'blank' && !fit;
  return dataIsGone && membership !== 'absent';
}

function withoutQuorum(facts: EtcdFacts, recorded: EtcdRecord): EtcdVerdict {
  const holders = of(facts, 'data').filter(isCurrent(recorded));
  if (holders.length === 0) return nobodyHoldsData(facts, recorded);
  const absent = absentNames(facts);
  const usable = holders.filter((member) => runs(member) || isFit(member));
  const revive = {
    code: 'revive' as const,
    holders: names(usable),
    waiting: names(
      facts.members.filter((member) => member.condition.kind !== 'unreachable' && !holders.includes(member)),
    ),
    absent,
  };
  if (usable.length >= majorityOf(facts.members.length)) return revive;
  const acceptable = holders.every(isFit) && allUnreachableAreLost(facts);
  if (facts.discardData && acceptable) return nextIncarnation(facts, recorded, 'discarded');
  const otherwise = quorumLost(facts, holders);
  // One that is stopped is started before it is judged: the others may well be alive, and only out of our reach.
  const stopped = usable.filter((member) => !runs(member));
  return stopped.length > 0 ? { ...revive, otherwise } : otherwise;
}

function unaccounted(facts: EtcdFacts): MemberFacts[] {
  return of(facts, 'unreachable').filter(({ condition }) => condition.kind === 'unreachable' && !condition.lost);
}

const allUnreachableAreLost = (facts: EtcdFacts): boolean => unaccounted(facts).length === 0;

function nobodyHoldsData(facts: EtcdFacts, recorded: EtcdRecord): EtcdVerdict {
  const unknown = names(unaccounted(facts));
  if (unknown.length === 0) return nextIncarnation(facts, recorded, 'all-blank');
  return refused(
    'may-hold-data',
    `no control plane that answers holds the cluster's data, but ${unknown.join(', ')} cannot be reached and may`,
    `bring ${unknown.join(' or ')} back, or say --lost ${unknown.join(',')} if it is off and its data gone`,
  );
}

function nextIncarnation(facts: EtcdFacts, recorded: EtcdRecord, why: BootstrapReason): EtcdVerdict {
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

function quorumLost(facts: EtcdFacts, holders: readonly MemberFacts[]): Refusal {
  const missing = facts.members.filter((member) => !holders.includes(member));
  const fate = ({ name, condition }: MemberFacts): string =>
    `${name} ${condition.kind === 'unreachable' ? 'cannot be reached' : 'lost its data'}`;
  const back = names(of(facts, 'unreachable'));
  const unknown = names(unaccounted(facts));
  const discard = `--discard-data gives up what ${names(holders).join(', ')} ${holders.length === 1 ? 'holds' : 'hold'} and starts empty`;
  const lost = unknown.length > 0 ? ` (with --lost ${unknown.join(',')} if off for good)` : '';
  return refused(
    'quorum-lost',
    `${names(holders).join(', ')} of ${facts.members.length} control planes ${holders.length === 1 ? 'holds' : 'hold'} the cluster's data, and no quorum answers: ${missing.map(fate).join(', ')}`,
    back.length > 0 ? `bring back ${back.join(' or ')}; or ${discard}${lost}` : discard,
  );
}
