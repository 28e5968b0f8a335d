import { type Backups, listBackups } from '../app/list-backups.js';
import { stateOf } from '../app/state-of.js';
import { objectsOf } from '../backup/objects-of.js';
import { databasePath, findSnapshot, storeOfId } from '../backup/snapshot-store.js';
import { type RecordedCluster, recordedCluster } from '../cluster/recorded-cluster.js';
import { EXIT } from '../errors.js';
import { backupDetails, backupsLines } from '../ui/backups-view.js';
import { harmless } from '../ui/text-table.js';
import { interruptible } from './interrupt.js';
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

export interface ShowBackupFlags extends ClusterFlags {
  objects: boolean;
}

export function showBackupCommand(id: string, flags: ShowBackupFlags): Promise<number> {
  return interruptible(
    async (signal) => {
      const recorded = await recordedCluster(stateOf(flags));
      const store = storeOfId(recorded.state, id);
      const { id: found } = await findSnapshot(store, id);
      await (flags.objects
        ? printObjects(databasePath(store, found), flags, signal)
        : printDetails(recorded, found, flags));
      return EXIT.done;
    },
    { hint: 'nothing was changed' },
  );
}

async function printDetails(recorded: RecordedCluster, id: string, { output }: ClusterFlags): Promise<void> {
  const { backups, strays } = await listBackups(recorded);
  for (const each of [...backups, ...strays].filter((backup) => backup.id === id)) {
    const text = `${backupDetails(each, new Date()).join('\n')}\n`;
    await print(output === 'json' ? `${JSON.stringify({ v: BACKUPS_SCHEMA, ...each })}\n` : text);
  }
}

/** One a line, since there may be many. */
async function printObjects(path: string, { output }: ClusterFlags, signal: AbortSignal): Promise<void> {
  for await (const object of objectsOf(path, signal)) {
    const { resource, namespace, name } = object;
    const text = `${resource} ${namespace === '' ? name : `${namespace}/${name}`}`;
    await print(output === 'json' ? `${JSON.stringify(object)}\n` : `${harmless(text)}\n`);
  }
}
