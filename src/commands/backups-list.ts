import { type Backups, listBackups } from '../app/list-backups.js';
import { stateOf } from '../app/state-of.js';
import { findSnapshot, snapshotStore } from '../backup/snapshot-store.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { EXIT } from '../errors.js';
import { backupDetails, backupsLines } from '../ui/backups-view.js';
import type { ClusterFlags } from './options.js';
import { print } from './output-lost.js';
import { screenOf } from './view.js';

/** Version of the JSON form. */
const BACKUPS_SCHEMA = 1;

/** Exit 4 where the newest of them cannot be restored, or one is damaged. */
export async function listBackupsCommand(flags: ClusterFlags): Promise<number> {
  const listed = await listBackups(await recordedCluster(stateOf(flags)));
  await print(flags.output === 'json' ? jsonOf(listed) : textOf(listed));
  const isWell = listed.damaged.length === 0 && (listed.backups[0]?.problems.length ?? 0) === 0;
  return isWell ? EXIT.done : EXIT.failed;
}

const jsonOf = (listed: Backups): string => `${JSON.stringify({ v: BACKUPS_SCHEMA, ...listed })}\n`;

function textOf(listed: Backups): string {
  const { width, style } = screenOf(process.stdout);
  return `${backupsLines({ ...listed, now: new Date(), width, style }).join('\n')}\n`;
}

export async function showBackupCommand(id: string, flags: ClusterFlags): Promise<number> {
  const recorded = await recordedCluster(stateOf(flags));
  await findSnapshot(snapshotStore(recorded.state), id);
  const { backups } = await listBackups(recorded);
  for (const each of backups.filter((backup) => backup.id === id)) {
    const text = `${backupDetails(each, new Date()).join('\n')}\n`;
    await print(flags.output === 'json' ? `${JSON.stringify({ v: BACKUPS_SCHEMA, ...each })}\n` : text);
  }
  return EXIT.done;
}
