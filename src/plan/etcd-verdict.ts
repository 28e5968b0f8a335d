import { firstBootstrap, newCluster, unfinishedBootstrap } from './etcd-bootstrap.js';
import type { EtcdFacts } from './etcd-facts.js';
import type { EtcdVerdict } from './etcd-outcome.js';
import { refuseStrangeData } from './etcd-strange-data.js';
import { withQuorum } from './etcd-with-quorum.js';
import { withoutQuorum } from './etcd-without-quorum.js';

/**
 * The one place that decides what happens to etcd data. Pure; guesses nothing: whatever is not provably
 * safe is refused with what a person can do.
 */
export function etcdVerdict(facts: EtcdFacts): EtcdVerdict {
  const strange = refuseStrangeData(facts);
  if (strange) return strange;
  const recorded = facts.recorded;
  if (recorded === undefined || recorded.phase === 'none')
    return firstBootstrap(facts, (recorded?.incarnation ?? 0) + 1);
  if (facts.newCluster) return newCluster(facts, recorded);
  if (recorded.phase === 'bootstrapping') return unfinishedBootstrap(facts, recorded);
  return facts.quorumProven ? withQuorum(facts, recorded) : withoutQuorum(facts, recorded);
}
