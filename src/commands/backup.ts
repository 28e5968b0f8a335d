import { backUp } from '../app/backup.js';
import type { SshRequest } from '../app/requests.js';
import { sshOfRequest } from '../app/ssh-of-request.js';
import { stateOf } from '../app/state-of.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { EXIT } from '../errors.js';
import { backedUpLines } from '../ui/backups-view.js';
import { interruptible } from './interrupt.js';
import type { ClusterFlags } from './options.js';
import { print } from './output-lost.js';
import { tellLine } from './view.js';

export interface BackupFlags extends ClusterFlags, SshRequest {
  artifacts?: string;
  mirror?: string;
}

/** Version of the JSON form. */
const BACKUP_SCHEMA = 1;

export function backupCommand(flags: BackupFlags): Promise<number> {
  return interruptible(
    async (signal) => {
      const recorded = await recordedCluster(stateOf(flags));
      const { artifacts, mirror } = flags;
      const place = { ...(artifacts !== undefined && { artifacts }), ...(mirror !== undefined && { mirror }) };
      const now = () => new Date();
      const done = await backUp({
        recorded,
        ssh: sshOfRequest(flags),
        place,
        reason: 'backup',
        tell: tellLine,
        now,
        signal,
      });
      const text = `${backedUpLines(done).join('\n')}\n`;
      await print(flags.output === 'json' ? `${JSON.stringify({ v: BACKUP_SCHEMA, ...done })}\n` : text);
      return EXIT.done;
    },
    { hint: 'no snapshot was taken; those taken before are as they were' },
  );
}
