import type { EtcdRecord } from '../state/records.js';
import { mayHoldData, nextIncarnation } from './etcd-bootstrap.js';
import {
  absence,
  absentNames,
  type EtcdFacts,
  isCurrent,
  isFit,
  type MemberFacts,
  majorityOf,
  names,
  of,
  runs,
  unaccounted,
} from './etcd-facts.js';
import { type EtcdVerdict, type Refusal, refused } from './etcd-outcome.js';

/** Whoever has the data is brought up before anything else is judged; what then is missing, a person decides. */
export function withoutQuorum(facts: EtcdFacts, recorded: EtcdRecord): EtcdVerdict {
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
  const acceptable = holders.every(isFit) && unaccounted(facts).length === 0;
  if (facts.discardData && acceptable) return nextIncarnation(facts, recorded, 'discarded');
  const otherwise = quorumLost(facts, holders);
  // One that is stopped is started before it is judged: the others may well be alive, and only out of our reach.
  const stopped = usable.filter((member) => !runs(member));
  return stopped.length > 0 ? { ...revive, otherwise } : otherwise;
}

function nobodyHoldsData(facts: EtcdFacts, recorded: EtcdRecord): EtcdVerdict {
  const away = unaccounted(facts);
  return away.length > 0 ? mayHoldData(away) : nextIncarnation(facts, recorded, 'all-blank');
}

function quorumLost(facts: EtcdFacts, holders: readonly MemberFacts[]): Refusal {
  const missing = facts.members.filter((member) => !holders.includes(member));
  const fate = (member: MemberFacts): string =>
    `${member.name} ${member.condition.kind === 'unreachable' ? absence(member) : 'lost its data'}`;
  const back = names(of(facts, 'unreachable'));
  const unknown = names(unaccounted(facts));
  const discard = `--discard-data deletes the data of ${names(holders).join(', ')} and starts empty`;
  const lost = unknown.length > 0 ? ` (with --lost ${unknown.join(',')} if permanently off)` : '';
  return refused(
    'quorum-lost',
    `etcd quorum lost: ${holders.length} of ${facts.members.length} control planes (${names(holders).join(', ')}) ${holders.length === 1 ? 'has' : 'have'} the cluster's data; ${missing.map(fate).join(', ')}`,
    back.length > 0 ? `bring back ${back.join(' or ')}; or ${discard}${lost}` : discard,
  );
}
