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
  /**
   * `lost`: a person's word that it is off and its data gone. `obstacle`: what kept us from reading a machine that is
   * there, as the end of a sentence about it; without one nothing answered.
   */
  | { kind: 'unreachable'; lost: boolean; obstacle?: string };

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
  /** A person asks for an empty cluster in the place of the recorded one. */
  newCluster: boolean;
}

export const names = (members: readonly MemberFacts[]): string[] => members.map((member) => member.name);
export const majorityOf = (count: number): number => Math.floor(count / 2) + 1;
export const of = (facts: EtcdFacts, kind: MemberCondition['kind']): MemberFacts[] =>
  facts.members.filter((member) => member.condition.kind === kind);
export const absentNames = (facts: EtcdFacts): string[] => names(of(facts, 'unreachable'));

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
export const isFit = ({ fit }: MemberFacts): boolean => fit;
export const runs = ({ condition }: MemberFacts): boolean => condition.kind === 'data' && condition.running;

export const isCurrent =
  ({ incarnation }: EtcdRecord) =>
  ({ condition }: MemberFacts): boolean =>
    condition.kind === 'data' && condition.incarnation === incarnation;

/** They may hold data: nobody gave a word on them. */
export function unaccounted(facts: EtcdFacts): MemberFacts[] {
  return of(facts, 'unreachable').filter(({ condition }) => condition.kind === 'unreachable' && !condition.lost);
}
