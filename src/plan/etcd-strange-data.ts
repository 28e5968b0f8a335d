import type { EtcdFacts } from './etcd-facts.js';
import { type Refusal, refused } from './etcd-outcome.js';

/** Data that is not of this cluster's life as the state directory knows it: no verdict may be built on it. */
export function refuseStrangeData(facts: EtcdFacts): Refusal | undefined {
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
