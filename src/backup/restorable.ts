import { versionRow } from '../config/version-table.js';
import { ownError } from '../errors.js';
import type { SnapshotInfo } from './snapshot-info.js';
import { assumedVersions } from './stray-versions.js';

/** A snapshot, and why nothing could be restored from it: each the end of a sentence; empty where it can. */
export interface ListedBackup extends SnapshotInfo {
  problems: string[];
}

export interface RestorableInput {
  snapshot: SnapshotInfo;
  /** Of the recorded cluster. */
  clusterId: string;
  /** Names of the keys that its apiservers read with. */
  encryptionKeys: ReadonlySet<string>;
  /** Why etcdutl of the version that wrote it cannot be had without a network; undefined where it can. */
  toolProblem: string | undefined;
}

/** Why nothing could be restored from it, each as the end of a sentence; empty where it can. Pure. */
export function restoreProblems({ snapshot, clusterId, encryptionKeys, toolProblem }: RestorableInput): string[] {
  const missing = snapshot.encryptionKeys.filter((name) => !encryptionKeys.has(name));
  const version = versionProblem(snapshot.kubernetes);
  const assumed = assumedText(snapshot);
  return [
    ...(snapshot.clusterId === clusterId ? [] : ['it is of another cluster']),
    ...(missing.length > 0 ? [`the encryption key ${missing.join(', ')} is missing from pki/`] : []),
    ...(version === undefined ? [] : [`${version}${assumed}`]),
    ...(toolProblem === undefined ? [] : [toolProblem]),
  ];
}

/** After what is wrong with versions: whether they are known at all. */
export function assumedText(snapshot: SnapshotInfo): string {
  const assumed = assumedVersions(snapshot);
  return assumed === undefined ? '' : ` (${assumed})`;
}

/** In the words of the version table. */
function versionProblem(kubernetes: string): string | undefined {
  try {
    versionRow(kubernetes);
    return undefined;
  } catch (error) {
    return ownError(error).message;
  }
}
