import { type DisklessError, refusal, usageError } from '../errors.js';
import { etcdProblem, isNewerEtcd } from './etcd-floor.js';
import type { ClusterSpec } from './spec.js';
import { KUBERNETES_RANGE, NEWEST, VERSION_TABLE } from './version-table.js';

/** The last release that runs the minors before those of the table, and every etcd. */
const LAST_RELEASE = '0.1.0';

/**
 * Why a recorded cluster is no longer brought up: its Kubernetes is older than the table, or its etcd is not safe. It can
 * still be looked at.
 *
 * @throws usage error of a version newer than the table: a newer release's, and not outdated
 */
export function outdatedCluster(
  recorded: Pick<ClusterSpec, 'name' | 'kubernetes' | 'etcd'>,
): DisklessError | undefined {
  refuseNewer(recorded);
  const reason = reasonOf(recorded);
  if (reason === undefined) return undefined;
  return refusal({
    code: 'cluster-outdated',
    message: `the cluster ${recorded.name} is recorded with ${reason}`,
    hint:
      `k8s-diskless ${LAST_RELEASE} is the last release that runs it; or save what is wanted of it, reboot all its ` +
      `nodes, and begin it anew and empty with k8s-diskless up --kubernetes ${NEWEST.kubernetes} --new-cluster, ` +
      'which keeps hosts, PKI and addresses',
  });
}

function refuseNewer({ name, kubernetes, etcd }: Pick<ClusterSpec, 'name' | 'kubernetes' | 'etcd'>): void {
  const newer = [
    ...(minorOf(kubernetes) > NEWEST.minor ? [`Kubernetes ${kubernetes}`] : []),
    ...(isNewerEtcd(etcd) ? [`etcd ${etcd}`] : []),
  ];
  if (newer.length === 0) return;
  throw usageError({
    code: 'cluster-newer',
    message: `a newer release recorded the cluster ${name}: this one does not know ${newer.join(' and ')}`,
    hint: 'use the k8s-diskless that brought it up last, or a newer one',
  });
}

function minorOf(kubernetes: string): number {
  return Number(/^1\.(\d+)\./.exec(kubernetes)?.[1]);
}

function reasonOf({ kubernetes, etcd }: Pick<ClusterSpec, 'kubernetes' | 'etcd'>): string | undefined {
  if (minorOf(kubernetes) < (VERSION_TABLE[0]?.minor ?? 0)) {
    return `Kubernetes ${kubernetes}, and this release runs ${KUBERNETES_RANGE}`;
  }
  const problem = etcdProblem(etcd);
  return problem === undefined ? undefined : `an etcd that this release does not run: ${problem}`;
}
