import type { EtcdRecord } from '../state/records.js';
import { type EtcdFacts, type MemberFacts, names } from './etcd-facts.js';

export interface LaterLife {
  /** As it would be recorded: finished, since its data was opened to apiservers. */
  etcd: EtcdRecord;
  /** Its members that run. */
  running: readonly MemberFacts[];
}

/**
 * A life of this very cluster after the one that is recorded, where what is recorded is of a copy that no `up` has ended
 * well with: the furthest that members run. It is taken for the recorded one only once a quorum of it has answered.
 */
export function laterLife({ recorded, unproven, clusterId, members }: EtcdFacts): LaterLife | undefined {
  if (unproven !== true || recorded === undefined) return undefined;
  const lives = new Map<string, { incarnation: number; token: string; running: MemberFacts[] }>();
  for (const member of members) {
    const { condition } = member;
    if (condition.kind !== 'data' || !condition.running || condition.open !== true) continue;
    const { incarnation = 0, token } = condition;
    if (condition.clusterId !== clusterId || token === undefined || incarnation <= recorded.incarnation) continue;
    const known = lives.get(`${incarnation} ${token}`) ?? { incarnation, token, running: [] };
    known.running.push(member);
    lives.set(`${incarnation} ${token}`, known);
  }
  const [furthest] = [...lives.values()].toSorted((one, other) => other.incarnation - one.incarnation);
  if (furthest === undefined) return undefined;
  const { incarnation, token, running } = furthest;
  const { versionSince } = recorded;
  return {
    running,
    etcd: {
      incarnation,
      phase: 'bootstrapped',
      token,
      members: names(running),
      bootIds: Object.fromEntries(
        running.flatMap(({ name, bootId }) => (bootId === undefined ? [] : [[name, bootId]])),
      ),
      ...(versionSince !== undefined && { versionSince }),
    },
  };
}
