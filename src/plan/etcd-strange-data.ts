import type { DataOwner, EtcdFacts, MemberFacts } from './etcd-facts.js';
import { type Refusal, refused } from './etcd-order-types.js';

/** Data that is not of this cluster's life as the state directory knows it: no order may be built on it. */
export function refuseStrangeData(facts: EtcdFacts): Refusal | undefined {
  for (const member of facts.members) {
    const refusal = refuseStrangeMember(facts, member);
    if (refusal) return refusal;
  }
  return undefined;
}

function refuseStrangeMember(facts: EtcdFacts, { name, condition }: MemberFacts): Refusal | undefined {
  if (condition.kind === 'unreachable') return undefined;
  const { kind, clusterId, incarnation = 0, token } = condition;
  if (kind === 'blank' && clusterId === undefined) return undefined;
  const recorded = facts.recorded?.phase === 'none' ? undefined : facts.recorded;
  if (recorded === undefined) {
    return refused(
      'unknown-data',
      `${name} ${held(condition)} that this state directory does not know`,
      `use the state directory of the cluster it belongs to (--state-dir), or reboot ${name} if its data may go`,
    );
  }
  if (clusterId !== facts.clusterId) {
    return refused(
      'foreign-data',
      `${name} ${held(condition)} of another cluster`,
      `take ${name} off the list, or reboot ${name} if its data may go`,
    );
  }
  const ofAnotherCopy = token !== undefined && incarnation === recorded.incarnation && token !== recorded.token;
  if (incarnation <= recorded.incarnation && !ofAnotherCopy) return undefined;
  const known = ofAnotherCopy ? 'another one of that number' : `only ${recorded.incarnation}`;
  const way =
    facts.unproven && !ofAnotherCopy
      ? 'bring back so many of its members that they are a quorum, and this copy goes on with what they prove'
      : 'another copy of this state directory was used: use the newest one';
  return refused(
    'future-data',
    `${name} ${held(condition)} of incarnation ${incarnation}, this state directory knows ${known}`,
    `${way}, or reboot ${name} if its data may go`,
  );
}

function held({ kind }: { kind: 'blank' | 'data' } & DataOwner): string {
  return kind === 'data' ? 'holds etcd data' : 'has a data directory of etcd claimed for a cluster';
}
