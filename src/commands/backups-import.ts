import { importBackup } from '../app/import-backup.js';
import { stateOf } from '../app/state-of.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { EXIT } from '../errors.js';
import { snapshotText } from '../ui/backups-view.js';
import { interruptible } from './interrupt.js';
import type { StateFlags } from './options.js';
import { print } from './output-lost.js';
import { unsealOf } from './seal-keys.js';
import type { UnsealFlags } from './seal-options.js';
import { tellOfWriter } from './view.js';

export interface ImportBackupFlags extends StateFlags, UnsealFlags {}

export function importBackupCommand(file: string, flags: ImportBackupFlags): Promise<number> {
  return interruptible(
    async (signal) => {
      const recorded = await recordedCluster(stateOf(flags));
      const unsealWith = () => unsealOf(flags, file, signal);
      const now = () => new Date();
      const { id, objects, takenAt } = await importBackup({
        ...{ recorded, file, unsealWith, now, signal },
        onWait: tellOfWriter,
      });
      const text = snapshotText({ id, objects, takenAt: new Date(takenAt) }, now());
      await print(`snapshot ${text} is kept; up --snapshot ${id} restores it\n`);
      return EXIT.done;
    },
    { hint: 'nothing was brought back; those that are kept are as they were' },
  );
}
