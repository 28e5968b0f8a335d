import { assumedText, type ListedBackup } from '../backup/restorable.js';
import type { SnapshotInfo } from '../backup/snapshot-info.js';
import { assumedVersions } from '../backup/stray-versions.js';
import type { SnapshotStatus } from '../cluster/cluster-status.js';
import { PLAIN, type Style } from './style.js';
import { type Column, textTable, wrap } from './text-table.js';
import { bytesText, count } from './units.js';

export interface BackupsViewOptions {
  /** The newest first. */
  backups: readonly ListedBackup[];
  /** Likewise. */
  strays: readonly ListedBackup[];
  damaged: readonly { id: string; why: string }[];
  now: Date;
  width: number;
  style?: Style;
}

/** What is kept, and which of it something can be restored from. */
export function backupsLines({ backups, strays, damaged, now, width, style = PLAIN }: BackupsViewOptions): string[] {
  const columns: Column<ListedBackup>[] = [
    { title: 'ID', cell: ({ id }) => id },
    { title: 'AGE', cell: ({ takenAt }) => ageText(new Date(takenAt), now) },
    { title: 'OBJECTS', cell: ({ objects }) => String(objects), align: 'right' },
    { title: 'SIZE', cell: ({ sizeBytes }) => bytesText(sizeBytes), align: 'right', priority: 2 },
    { title: 'KUBERNETES', cell: ({ kubernetes }) => kubernetes, priority: 1 },
    { title: 'ETCD', cell: ({ etcd }) => etcd, priority: 0 },
    {
      title: 'RESTORABLE',
      cell: ({ problems }) => (problems.length === 0 ? 'yes' : 'no'),
      paint: (text, { problems }) => (problems.length === 0 ? style.green : style.red)(text),
    },
  ];
  const reasons = [
    ...[...backups, ...strays].flatMap(({ id, problems }) => problems.map((problem) => `${id}: ${problem}`)),
    ...damaged.map(({ id, why }) => `${id} cannot be used: ${why}`),
  ];
  const table =
    backups.length === 0
      ? ['No snapshot is kept. up takes one whenever it changed something; k8s-diskless backup takes one now.']
      : textTable({ columns, rows: backups, width, style });
  const apart =
    strays.length === 0
      ? []
      : [
          '',
          ...wrap('strays: copies of the data of one member that went; they stay until a person removes them', {
            width,
          }),
          ...textTable({ columns, rows: strays, width, style }),
          ...strays.flatMap((each) => {
            const assumed = assumedVersions(each);
            return assumed === undefined ? [] : wrap(`${each.id}: ${assumed}`, { width });
          }),
        ];
  return [...table, ...apart, ...reasons.flatMap((reason) => wrap(`✖ ${reason}`, { width }).map(style.red))];
}

const COPIED = {
  snapshot: 'from the member, which ran',
  file: 'from the file of its data: what only the log of its etcd had is not in it',
} as const;

/** All that is known of one. */
export function backupDetails(backup: ListedBackup, now: Date): string[] {
  const { problems, encryptionKeys, stray } = backup;
  return [
    `${stray === undefined ? 'snapshot' : 'stray   '}     ${backup.id}`,
    `taken        ${backup.takenAt} (${ageText(new Date(backup.takenAt), now)} ago), from ${backup.node}, for ${backup.reason}`,
    `of           incarnation ${backup.incarnation}, revision ${backup.revision}, etcd cluster ${backup.etcdClusterId}`,
    `holds        ${count(backup.objects, 'object')}, ${count(backup.keys, 'key')}, ${bytesText(backup.sizeBytes)}`,
    `written by   Kubernetes ${backup.kubernetes}, etcd ${backup.etcd}${assumedText(backup)}`,
    `encrypted    ${encryptionKeys.length === 0 ? 'nothing in it' : `with ${encryptionKeys.join(', ')}`}`,
    ...(stray === undefined ? [] : [`copied       ${COPIED[stray.how]}`]),
    `sha256       ${backup.sha256}`,
    `restorable   ${problems.length === 0 ? 'yes' : `no: ${problems.join('; ')}`}`,
  ];
}

/** In a sentence: `1-4711 (3 min old, 261 objects)`. */
export function snapshotText({ id, takenAt, objects }: SnapshotStatus, now: Date): string {
  return `${id} (${ageText(takenAt, now)} old, ${count(objects, 'object')})`;
}

export interface BackedUpView {
  snapshot: SnapshotInfo;
  pruned: readonly string[];
  /** Path of the file that it was written to as well. */
  out?: string;
}

export function backedUpLines({ snapshot, pruned, out }: BackedUpView): string[] {
  const { id, incarnation, objects, sizeBytes, node } = snapshot;
  return [
    `snapshot ${id}: ${count(objects, 'object')} of incarnation ${incarnation}, ${bytesText(sizeBytes)}, taken from ${node} and verified`,
    ...(out === undefined ? [] : [`written to ${out}`]),
    ...(pruned.length > 0 ? [`let go: ${pruned.join(', ')}`] : []),
  ];
}

/** What whoever has a file that is not sealed can read in it. */
export function plainOutLine(path: string, { objects, encryptionKeys }: SnapshotInfo): string {
  const secrets =
    encryptionKeys.length === 0
      ? 'Secrets among them'
      : `all but the values of those encrypted with ${encryptionKeys.join(', ')}, e.g. Secrets`;
  return `warning: ${path} is not sealed: whoever has it can read ${count(objects, 'object')} of the cluster, ${secrets}`;
}

/** `40 s`, `3 min`, `5 h`, `12 days`. A clock that was put back makes none of them negative. */
export function ageText(takenAt: Date, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - takenAt.getTime()) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / (24 * 3600))} days`;
}
