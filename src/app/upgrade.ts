import type { OnArtifactProgress } from '../artifacts/progress.js';
import { type RecordedCluster, recordedCluster } from '../cluster/recorded-cluster.js';
import { loadConfig } from '../config/load.js';
import { newestFirst } from '../config/release-version.js';
import { resolveSpec } from '../config/resolve.js';
import { stageAfter, type UpgradeRecord, versionsOf, withVersions } from '../config/upgrade-stages.js';
import { upgradeTarget, upgradeVersion } from '../config/upgrade-target.js';
import { refusal, usageError } from '../errors.js';
import type { Lock } from '../state/lock.js';
import { readNodeRecords, writeClusterRecord } from '../state/record-files.js';
import type { ClusterRecord } from '../state/records.js';
import { requireInUse } from '../state/retired.js';
import { inStage } from './advance-upgrade.js';
import { contentOf, openContent, requireContent, versionDefaults } from './content.js';
import { contentPlace } from './inputs.js';
import type { ClusterRequest } from './requests.js';
import { sshOfRequest } from './ssh-of-request.js';
import { stateOf } from './state-of.js';

/** What `upgrade` is asked for; everything else is as for `up`. */
export interface UpgradeRequest extends ClusterRequest {
  /** `1.37.2`, or `1.37` for its newest patch release. */
  to?: string;
  /** How many nodes are drained at a time. Default: a tenth of them. */
  workersAtOnce?: number;
}

export interface UpgradeOutlook {
  recorded: RecordedCluster;
  /** As it would be recorded at its beginning, or as it is recorded. */
  upgrade: UpgradeRecord;
  /** It was begun by an earlier command. */
  isBegun: boolean;
}

/**
 * What an upgrade would be, of a cluster as it is recorded: nobody is connected to. Binaries of both versions are made
 * sure of: nodes that reboot in the middle of it need them.
 *
 * @returns undefined where the cluster has these versions
 * @throws usage errors and refusals of what cannot be upgraded so, as `upgradeTarget`; refusal `upgrade-in-progress`
 */
export async function upgradeOutlook(
  request: UpgradeRequest,
  { onArtifact, signal }: { onArtifact: OnArtifactProgress; signal: AbortSignal },
): Promise<UpgradeOutlook | undefined> {
  const file = request.config === undefined ? undefined : await loadConfig(request.config);
  const recorded = await recordedCluster(stateOf(request, file));
  const { record, state } = recorded;
  await requireInUse(state);
  // A file may also name another etcd alone.
  const ofEtcd = file?.config.etcd?.version === undefined ? undefined : record.spec.kubernetes;
  const asked = request.to ?? file?.config.kubernetes ?? ofEtcd;
  const begun = record.upgrade;
  if (begun) {
    if (asked !== undefined) requireSame(begun, upgradeVersion(asked));
    return { recorded, upgrade: begun, isBegun: true };
  }
  if (asked === undefined)
    throw usageError({
      code: 'upgrade-target-missing',
      message: `the cluster ${record.spec.name} runs Kubernetes ${record.spec.kubernetes}, and nothing says to which version it is to go`,
      hint: 'name it: --to 1.37, or kubernetes: in the config file',
    });
  if (record.etcd.phase !== 'bootstrapped')
    throw refusal({
      code: 'upgrade-unfinished-cluster',
      message: `the cluster ${record.spec.name} is not up`,
      hint: 'k8s-diskless up first',
    });
  const kubernetes = upgradeVersion(asked);
  const place = contentPlace(request, file);
  const inputs = await openContent(place, { progress: onArtifact, signal, recheck: false });
  const defaults = await versionDefaults(inputs, kubernetes);
  const from = versionsOf(record.spec);
  const upgradingTo = { kubernetes, etcd: file?.config.etcd?.version ?? record.spec.etcd };
  const flags = { ...request, ssh: sshOfRequest(request) };
  const resolved = resolveSpec({ flags, recorded: record.spec, upgradingTo, defaults, ...(file && { file }) });
  const versions = { recorded: record.spec, asked: resolved.spec, kubernetes, defaults };
  const to = upgradeTarget({ ...versions, ...(file && { file: file.config }) });
  const stage = stageAfter({ from, to });
  if (stage === undefined) return undefined;
  const nodesAtOnce = request.workersAtOnce ?? Math.max(1, Math.floor(record.spec.nodes.length / 10));
  const upgrade = { from, to, stage, nodesAtOnce };
  const nodeRecords = await readNodeRecords(state);
  for (const each of [from, to]) {
    const spec = withVersions(record.spec, each);
    await requireContent({ spec, nodeRecords, place }, await contentOf(inputs, spec));
  }
  return { recorded, upgrade, isBegun: false };
}

function requireSame({ from, to, stage }: UpgradeRecord, asked: string): void {
  if (asked === to.kubernetes || newestFirst(asked, from.kubernetes) === 0) return;
  throw refusal({
    code: 'upgrade-in-progress',
    message: `an upgrade from Kubernetes ${from.kubernetes} to ${to.kubernetes} was begun and is at ${stage}`,
    hint: `k8s-diskless upgrade goes on with it; ${asked} can follow when it is done`,
  });
}

/** Records that it begins: from then on each run goes on with it. @throws refusals as `up`; `upgrade-outrun` */
export async function beginUpgrade(
  { recorded, upgrade }: UpgradeOutlook,
  lock: (path: string) => Promise<Lock>,
): Promise<void> {
  const { state } = recorded;
  const held = await lock(state.lock);
  try {
    await requireInUse(state);
    const { record } = await recordedCluster(state);
    requireUnchanged(record, upgrade);
    await writeClusterRecord(state, inStage({ ...record, upgrade }, upgrade.stage));
  } finally {
    held.release();
  }
}

/** Another command may have written it meanwhile. */
function requireUnchanged(record: ClusterRecord, { from }: UpgradeRecord): void {
  const now = versionsOf(record.spec);
  if (record.upgrade === undefined && now.kubernetes === from.kubernetes && now.etcd === from.etcd) return;
  throw refusal({
    code: 'upgrade-outrun',
    message: 'another command changed the versions of this cluster meanwhile',
    hint: 'look at k8s-diskless status, and run upgrade again',
  });
}
