import type { SshRequest } from '../app/requests.js';
import { sshOfRequest } from '../app/ssh-of-request.js';
import { stateOf } from '../app/state-of.js';
import { tryBackup } from '../app/try-backup.js';
import { type VerifiedBackup, verifyBackups } from '../app/verify-backups.js';
import { type RecordedCluster, recordedCluster } from '../cluster/recorded-cluster.js';
import { EXIT, usageError } from '../errors.js';
import { count } from '../ui/units.js';
import { interruptible } from './interrupt.js';
import type { StateFlags } from './options.js';
import { tellLine } from './view.js';

export interface VerifyBackupsFlags extends StateFlags, SshRequest {
  restore: boolean;
  artifacts?: string;
  mirror?: string;
}

/** Exit 4 where one is damaged. */
export function verifyBackupsCommand(ids: readonly string[], flags: VerifyBackupsFlags): Promise<number> {
  return interruptible(
    async (signal) => {
      if (flags.restore && ids.length > 1)
        throw usageError({ code: 'words-contradict', message: '--restore is for one snapshot', hint: 'name one ID' });
      const recorded = await recordedCluster(stateOf(flags));
      const onVerified = ({ id, problem }: VerifiedBackup): void =>
        void process.stdout.write(`${id}: ${problem === undefined ? 'whole' : problem.message}\n`);
      const damaged = await verifyBackups({ recorded, ids, onVerified, signal });
      if (damaged > 0) return EXIT.failed;
      if (flags.restore) await restoreOne(recorded, ids, flags, signal);
      return EXIT.done;
    },
    { hint: 'nothing was changed' },
  );
}

async function restoreOne(
  recorded: RecordedCluster,
  ids: readonly string[],
  flags: VerifyBackupsFlags,
  signal: AbortSignal,
): Promise<void> {
  const { artifacts, mirror } = flags;
  const place = { ...(artifacts !== undefined && { artifacts }), ...(mirror !== undefined && { mirror }) };
  const { node, snapshot, counted } = await tryBackup({
    recorded,
    ssh: sshOfRequest(flags),
    id: ids[0],
    place,
    tell: tellLine,
    signal,
  });
  const kinds = Object.entries(counted.byResource).toSorted(([one], [other]) => one.localeCompare(other));
  const lines = [
    `${snapshot.id}: an etcd of its own on ${node} serves all ${count(counted.objects, 'object')} of it, in ${count(counted.keys, 'key')}`,
    ...kinds.map(([resource, number]) => `  ${resource} ${number}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
