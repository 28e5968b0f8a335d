import { stageAfter, type UpgradeStage, versionsInStage, withVersions } from '../config/upgrade-stages.js';
import { readClusterRecord, writeClusterRecord } from '../state/record-files.js';
import type { ClusterRecord } from '../state/records.js';
import type { StateDir } from '../state/state-dir.js';

/** Which stage an upgrade is in now; `finished`: it was the last one. */
export type Advanced = UpgradeStage | 'finished';

/**
 * A run that ended well has brought every node to the recorded stage of an upgrade: the next one is recorded. For the
 * holder of the state's lock.
 *
 * @returns undefined where there is no upgrade
 */
export async function advanceUpgrade(state: StateDir): Promise<Advanced | undefined> {
  const record = await readClusterRecord(state);
  if (record?.upgrade === undefined) return undefined;
  const next = stageAfter(record.upgrade, record.upgrade.stage);
  await writeClusterRecord(state, next === undefined ? finished(record) : inStage(record, next));
  return next ?? 'finished';
}

/** The record of a cluster whose upgrade goes on with this stage. */
export function inStage(record: ClusterRecord, stage: UpgradeStage): ClusterRecord {
  if (record.upgrade === undefined) return record;
  const upgrade = { ...record.upgrade, stage };
  return { ...record, spec: withVersions(record.spec, versionsInStage(upgrade)), upgrade };
}

function finished({ upgrade, ...record }: ClusterRecord): ClusterRecord {
  return upgrade === undefined ? record : { ...record, spec: withVersions(record.spec, upgrade.to) };
}
