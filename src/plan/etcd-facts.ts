import type { EtcdMember } from '../etcd/gateway.js';
import type { EtcdRecord } from '../state/records.js';

/** What the marker beside etcd's data says; all of it undefined where the marker is not ours. */
export interface DataOwner {
  clusterId?: string;
  incarnation?: number;
  /** Markers of earlier releases name neither: such a member counts as a voter. */
  role?: 'voter' | 'learner';
  /** etcd's initial-cluster-token of the attempt that it was made by. */
  token?: string;
  /** false: no apiserver was started over it. Where nothing is said it may hold objects. */
  open?: boolean;
  /** Under which etcd knows it: as its marker says, or as it says itself. A name alone proves nothing. */
  memberId?: string;
}

/** What one configured member's machine holds, as far as we can tell. */
export type MemberCondition =
  /**
   * With an owner, a bootstrap claimed its data directory and wrote nothing yet. `sameBoot`: it was a control plane of ours
   * in this very boot, and no reboot explains that it has no data. `elsewhere`: why the data of the control plane that was
   * recorded under its name may still be somewhere, though this machine has none; as the end of a sentence about its name.
   */
  | ({ kind: 'blank'; masked?: boolean; sameBoot?: true; elsewhere?: string } & DataOwner)
  /** `masked`: somebody saw to it that its unit cannot be started. */
  | ({ kind: 'data'; running: boolean; masked?: boolean } & DataOwner)
  /**
   * `lost`: a person's word that it is off and its data gone. `obstacle`: what kept us from reading a machine that is
   * there, as the end of a sentence about it; without one nothing answered. `answers`: it is not off, whatever a person says.
   */
  | { kind: 'unreachable'; lost: boolean; obstacle?: string; answers?: true };

export interface MemberFacts {
  name: string;
  bootId?: string;
  condition: MemberCondition;
  /** Its machine passed preflight: it may be started, wiped, or brought back in this run. */
  fit: boolean;
  /** How far its data goes, as its member says: decimal. Absent where it does not say. */
  revision?: string;
  /** When it was last written to, by its machine's clock; absent where nobody knows. */
  writtenAt?: Date;
  /** Where its peers are to reach it, by its machine's address now or, where that was not read, when last seen. */
  peerUrl?: string;
}

export type EtcdEntry = Pick<EtcdMember, 'id' | 'name' | 'peerUrls' | 'isLearner'>;

/** Who the members are, as one of them says. */
export interface MemberList {
  /** Name of the member that said it. */
  by: string;
  /** A quorum said it, by a linearizable read. Otherwise it is what that member knew last. */
  proven: boolean;
  entries: readonly EtcdEntry[];
}

/**
 * What the operator kept of etcd's data: the snapshot that a life which was begun from one and not finished began with,
 * else the one that a person named, else the newest.
 */
export type Backup =
  /** There never was a snapshot. */
  | { kind: 'none' }
  /** `instead`: why it is not the newest, though nothing is lost. */
  | { kind: 'usable'; id: string; incarnation: number; instead?: string }
  /** `why`: a sentence. `ways`: how it becomes usable. `older`: one that is, and what was written after it is lost. */
  | { kind: 'unusable'; why: string; ways: string; older?: { id: string; takenAt: string } };

/** A person's word that what one member holds is what the next life is made of. */
export interface Recovery {
  name: string;
  /** Even where another one is further. */
  olderData: boolean;
}

/** A person's word on what the next life of the data begins from. */
export type Beginning = 'empty' | 'snapshot';

export interface EtcdFacts {
  clusterId: string;
  /** undefined when no state was recorded. */
  recorded?: EtcdRecord;
  /** The configured members, i.e. the control planes. */
  members: readonly MemberFacts[];
  /** The one that a quorum gave just now; without a quorum, that of each running member that answered. */
  lists: readonly MemberList[];
  /** Members whose data a person gave up: what no quorum can be made of, or is of an older incarnation beside none. */
  discardData: ReadonlySet<string>;
  /** Holds where no quorum can be made of what is there. */
  recoverFrom?: Recovery;
  /** A person asks for an empty cluster in the place of the recorded one. */
  newCluster: boolean;
  /** What is recorded is of a copy, and may be older than what lives: no `up` has ended well with it. */
  unproven?: true;
  backup: Backup;
  /** Absent: nothing was said. */
  beginning?: Beginning;
}

export const names = (members: readonly { name: string }[]): string[] => members.map((member) => member.name);
export const majorityOf = (count: number): number => Math.floor(count / 2) + 1;
export const of = (facts: EtcdFacts, kind: MemberCondition['kind']): MemberFacts[] =>
  facts.members.filter((member) => member.condition.kind === kind);
/** Why nothing is known of this one. */
export const absence = ({ condition }: MemberFacts): string =>
  (condition.kind === 'unreachable' ? condition.obstacle : undefined) ?? 'cannot be reached';
/** `s4, s5 cannot be reached, s6 does not accept our key` */
export function absences(members: readonly MemberFacts[]): string {
  const reasons = [...new Set(members.map(absence))];
  return reasons
    .map((reason) => `${names(members.filter((member) => absence(member) === reason)).join(', ')} ${reason}`)
    .join(', ');
}
/** It is there, and keeps us out. */
export const isBarred = ({ condition }: MemberFacts): boolean =>
  condition.kind === 'unreachable' && condition.answers === true;
/** Of these, who may be off, and to whom access is to be mended: a word that one is lost is for the former alone. */
export const awayOf = (members: readonly MemberFacts[]): { silent: string[]; barred: string[] } => ({
  silent: names(members.filter((member) => member.condition.kind === 'unreachable' && !isBarred(member))),
  barred: names(members.filter(isBarred)),
});
/** It was read, and its machine passed preflight. */
export const isReadAndFit = ({ condition, fit }: MemberFacts): boolean => condition.kind !== 'unreachable' && fit;
export const isFit = ({ fit }: MemberFacts): boolean => fit;
export const runs = ({ condition }: MemberFacts): boolean => condition.kind === 'data' && condition.running;
/** It is not touched, though etcd may run there as it was started before. */
export const isMasked = ({ condition }: MemberFacts): boolean =>
  condition.kind !== 'unreachable' && condition.masked === true;
/** Its data may be brought up: by itself, or by us. */
export const isUsable = (member: MemberFacts): boolean => runs(member) || (isFit(member) && !isMasked(member));

export const isCurrent =
  ({ incarnation }: EtcdRecord) =>
  ({ condition }: MemberFacts): boolean =>
    condition.kind === 'data' && condition.incarnation === incarnation;

/**
 * Its bootstrap was finished, as recorded or, where the record is an older copy, as data says over which an apiserver was
 * started: no rule for unfinished work holds any more.
 */
export function isEstablished({ members }: EtcdFacts, recorded: EtcdRecord): boolean {
  if (recorded.phase !== 'bootstrapping') return recorded.phase === 'bootstrapped';
  const isOpen = ({ condition }: MemberFacts): boolean => condition.kind === 'data' && condition.open === true;
  return members.some((member) => isCurrent(recorded)(member) && isOpen(member));
}

/** It holds data of a life that is over. */
export const isOlder =
  (recorded: EtcdRecord) =>
  (member: MemberFacts): boolean =>
    member.condition.kind === 'data' && !isCurrent(recorded)(member);

/** They may hold data: nobody gave a word on them. */
export function unaccounted(facts: EtcdFacts): MemberFacts[] {
  return of(facts, 'unreachable').filter(({ condition }) => condition.kind === 'unreachable' && !condition.lost);
}

/** It was given up when the recorded incarnation began, by a run that did not get to wiping it in this boot. */
function wasGivenUp(recorded: EtcdRecord, member: MemberFacts): boolean {
  const { name, bootId } = member;
  if (!isOlder(recorded)(member) || recorded.discarded?.includes(name) !== true) return false;
  return bootId !== undefined && recorded.bootIds[name] === bootId;
}

/**
 * Those of these whose data a person has to name. A word is for one command: where one name is missing from it, all are
 * asked for; none where all of them were given.
 */
export function askedFor(facts: EtcdFacts, recorded: EtcdRecord, members: readonly MemberFacts[]): MemberFacts[] {
  const needed = members.filter((member) => !wasGivenUp(recorded, member));
  return needed.every(({ name }) => facts.discardData.has(name)) ? [] : needed;
}
