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

export interface MemberFacts {
  name: string;
  bootId?: string;
  condition: MemberCondition;
}

export interface EtcdFacts {
  clusterId: string;
  /** undefined when no state was recorded. */
  recorded?: EtcdRecord;
  /** The configured members, i.e. the control planes. */
  members: readonly MemberFacts[];
  /** A linearizable read succeeded through some member just now. */
  quorumProven: boolean;
}

export type EtcdVerdict =
  /** Start all `start` members at once with state `new`; wipe what `wipe` hold first. */
  | { code: 'bootstrap'; incarnation: number; start: string[]; wipe: string[]; absent: string[]; why: BootstrapReason }
  /** Continue an interrupted bootstrap under its recorded token. */
  | { code: 'resume-bootstrap'; incarnation: number; start: string[]; absent: string[] }
  /** Start members that have their data, then judge again. */
  | { code: 'start-stopped'; start: string[] }
  | { code: 'healthy'; absent: string[] }
  /** Quorum works; bring blank members back one after another as learners, wiping data of older incarnations. */
  | { code: 'rejoin'; blank: string[]; wipe: string[]; absent: string[] }
  /** A person must decide. */
  | { code: 'refused'; reason: RefusalReason; message: string; hint: string };

export type BootstrapReason = 'first' | 'unfinished' | 'all-blank';
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
  return establishedCluster(facts, recorded);
}

const names = (members: readonly MemberFacts[]): string[] => members.map((member) => member.name);
const majorityOf = (count: number): number => Math.floor(count / 2) + 1;
const of = (facts: EtcdFacts, kind: MemberCondition['kind']): MemberFacts[] =>
  facts.members.filter((member) => member.condition.kind === kind);
const absentNames = (facts: EtcdFacts): string[] => names(of(facts, 'unreachable'));

function refused(reason: RefusalReason, message: string, hint: string): EtcdVerdict {
  return { code: 'refused', reason, message, hint };
}

function refuseStrangeData(facts: EtcdFacts): EtcdVerdict | undefined {
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
  const blank = of(facts, 'blank');
  if (blank.length < majorityOf(facts.members.length)) return noMajority(facts, blank.length);
  return { code: 'bootstrap', incarnation, start: names(blank), wipe: [], absent: absentNames(facts), why: 'first' };
}

function noMajority(facts: EtcdFacts, present: number): EtcdVerdict {
  return refused(
    'no-majority',
    `only ${present} of ${facts.members.length} control planes can be reached: ${absentNames(facts).join(', ')} cannot`,
    'start them, or name other control planes with --control-plane',
  );
}

/** No apiserver ever ran on it, so it holds no objects and may be thrown away. */
function unfinishedBootstrap(facts: EtcdFacts, recorded: EtcdRecord): EtcdVerdict {
  const present = facts.members.filter((member) => member.condition.kind !== 'unreachable');
  if (present.length < majorityOf(facts.members.length)) return noMajority(facts, present.length);
  const sameMembers = names(facts.members).toSorted().join() === recorded.members.toSorted().join();
  const sameEpochs = present.every((member) => recorded.bootIds[member.name] === member.bootId);
  const absent = absentNames(facts);
  if (sameMembers && sameEpochs) {
    return { code: 'resume-bootstrap', incarnation: recorded.incarnation, start: names(present), absent };
  }
  const wipe = names(of(facts, 'data'));
  return {
    code: 'bootstrap',
    incarnation: recorded.incarnation + 1,
    start: names(present),
    wipe,
    absent,
    why: 'unfinished',
  };
}

function establishedCluster(facts: EtcdFacts, recorded: EtcdRecord): EtcdVerdict {
  const holders = of(facts, 'data');
  const isCurrent = ({ condition }: MemberFacts): boolean =>
    condition.kind === 'data' && condition.incarnation === recorded.incarnation;
  const current = holders.filter(isCurrent);
  const outdated = holders.filter((member) => !isCurrent(member));
  const stopped = current.filter(({ condition }) => condition.kind === 'data' && !condition.running);
  if (stopped.length > 0) return { code: 'start-stopped', start: names(stopped) };

  const blank = of(facts, 'blank');
  if (facts.quorumProven) {
    const absent = absentNames(facts);
    if (blank.length + outdated.length === 0) return { code: 'healthy', absent };
    return { code: 'rejoin', blank: names([...blank, ...outdated]), wipe: names(outdated), absent };
  }
  if (current.length > 0) return quorumLost(facts, current);

  const unknown = of(facts, 'unreachable').filter(
    ({ condition }) => condition.kind === 'unreachable' && !condition.lost,
  );
  if (unknown.length > 0) {
    return refused(
      'may-hold-data',
      `every control plane that answers is blank, but ${names(unknown).join(', ')} cannot be reached and may hold the cluster's data`,
      `bring ${names(unknown).join(' or ')} back, or say --lost ${names(unknown).join(',')} if it is off and its data gone`,
    );
  }
  const present = [...blank, ...outdated];
  if (present.length < majorityOf(facts.members.length)) return noMajority(facts, present.length);
  return {
    code: 'bootstrap',
    incarnation: recorded.incarnation + 1,
    start: names(present),
    wipe: names(outdated),
    absent: absentNames(facts),
    why: 'all-blank',
  };
}

function quorumLost(facts: EtcdFacts, current: readonly MemberFacts[]): EtcdVerdict {
  const missing = facts.members.filter((member) => !current.includes(member));
  const lostFor = missing.map(
    ({ name, condition }) => `${name} ${condition.kind === 'blank' ? 'is blank' : 'cannot be reached'}`,
  );
  const reachable = of(facts, 'unreachable');
  const hint =
    reachable.length > 0
      ? `bring back ${names(reachable).join(' or ')}, which may still hold its data`
      : `the data of ${names(current).join(', ')} is all there is; reboot every control plane to accept its loss and start empty`;
  return refused(
    'quorum-lost',
    `${names(current).join(', ')} of ${facts.members.length} control planes hold the cluster's data but no quorum answers${lostFor.length > 0 ? `: ${lostFor.join(', ')}` : ''}`,
    hint,
  );
}
