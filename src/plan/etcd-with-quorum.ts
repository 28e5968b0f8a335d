import type { EtcdRecord } from '../state/records.js';
import {
  absentNames,
  type EtcdFacts,
  isCurrent,
  isFit,
  type MemberFacts,
  names,
  of,
  unaccounted,
} from './etcd-facts.js';
import type { EtcdVerdict } from './etcd-outcome.js';

/**
 * Besides the blank ones, these come back as new members: data of an older incarnation, learners of an interrupted run,
 * and data whose entry was removed.
 */
export function withQuorum(facts: EtcdFacts, recorded: EtcdRecord): EtcdVerdict {
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
