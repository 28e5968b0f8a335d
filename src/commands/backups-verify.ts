import { stateOf } from '../app/state-of.js';
import { type VerifiedBackup, verifyBackups } from '../app/verify-backups.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { EXIT } from '../errors.js';
import { interruptible } from './interrupt.js';
import type { StateFlags } from './options.js';

/** Exit 4 where one is damaged. */
export function verifyBackupsCommand(ids: readonly string[], flags: StateFlags): Promise<number> {
  return interruptible(
    async (signal) => {
      const recorded = await recordedCluster(stateOf(flags));
      const onVerified = ({ id, problem }: VerifiedBackup): void =>
        void process.stdout.write(`${id}: ${problem === undefined ? 'whole' : problem.message}\n`);
      const damaged = await verifyBackups({ recorded, ids, onVerified, signal });
      return damaged === 0 ? EXIT.done : EXIT.failed;
    },
    { hint: 'nothing was changed' },
  );
}
