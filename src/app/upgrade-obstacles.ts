import { openRecordedCluster, type RecordedCluster } from '../cluster/recorded-cluster.js';
import { controlPlanes, type SshSpec } from '../config/spec.js';
import { isMinorUpgrade, type UpgradeRecord } from '../config/upgrade-stages.js';
import { type DisklessError, refusal } from '../errors.js';
import type { EtcdMember } from '../etcd/gateway.js';
import { exhaustedBudgets } from '../kube/disruption-budgets.js';
import { isEvicted } from '../kube/drain.js';
import type { KubePod } from '../kube/objects.js';
import { resourcePath } from '../kube/paths.js';

export interface ObstaclesOptions {
  recorded: RecordedCluster;
  upgrade: UpgradeRecord;
  /** Wins over what is recorded. */
  ssh?: SshSpec | undefined;
  tell: (line: string) => void;
  signal: AbortSignal;
}

/**
 * What would stop an upgrade of the living cluster in the middle, found before its beginning: as refusals (exit 5)
 * `upgrade-unsafe` and `drain-blocked`. Changes nothing.
 */
export async function upgradeObstacles(options: ObstaclesOptions): Promise<DisklessError[]> {
  const { recorded, upgrade, ssh, tell, signal } = options;
  const { spec, cluster } = await openRecordedCluster(recorded, { ssh, tell, signal });
  try {
    const names = controlPlanes(spec).map(({ name }) => name);
    const etcd = await cluster.quorumThrough(names, signal);
    const unsafe = unsafeMembers(await etcd.memberList({ signal }));
    const drains = isMinorUpgrade(upgrade);
    const client = await cluster.kube();
    const pods = resourcePath({ apiVersion: 'v1', resource: 'pods' });
    const listed = drains ? (await client.list<KubePod>(pods, { signal })).items : [];
    const evicted = listed.filter((pod) => pod.spec.nodeName !== undefined && isEvicted(pod));
    const budgets = await exhaustedBudgets(client, evicted, signal);
    return [...(unsafe ? [unsafe] : []), ...[...budgets].map(([budget, kept]) => blocking(budget, kept))];
  } finally {
    await cluster.close();
  }
}

/** One of them at a time is stopped: the others have to be enough. */
function unsafeMembers(members: readonly EtcdMember[]): DisklessError | undefined {
  const voters = members.filter(({ isLearner }) => !isLearner);
  const unstarted = members.filter(({ name }) => name === '');
  const learners = members.filter(({ isLearner }) => isLearner);
  const why =
    unstarted.length > 0
      ? `a member that has never started is among them (${unstarted.flatMap(({ peerUrls }) => peerUrls).join(', ')})`
      : learners.length > 0
        ? `${learners.map(({ name }) => name).join(', ')} has not caught up yet`
        : voters.length === 2
          ? 'there are two of them, and with either of them stopped the other is no quorum'
          : undefined;
  if (why === undefined) return undefined;
  return refusal({
    code: 'upgrade-unsafe',
    message: `etcd's members cannot be restarted one after the other: ${why}`,
    hint: 'k8s-diskless up brings back what is missing',
  });
}

function blocking(budget: string, pods: readonly KubePod[]): DisklessError {
  const names = pods.map(({ metadata, spec }) => `${metadata.namespace}/${metadata.name} on ${spec.nodeName}`);
  return refusal({
    code: 'drain-blocked',
    message: `the PodDisruptionBudget ${budget} allows none of its pods to be evicted: ${names.join(', ')}`,
    hint: 'give their workload another replica, or its budget room',
  });
}
