import { pruneBackups } from '../app/prune-backups.js';
import { stateOf } from '../app/state-of.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { EXIT } from '../errors.js';
import { interruptible } from './interrupt.js';
import type { StateFlags } from './options.js';
import { print } from './output-lost.js';
import { tellOfWriter } from './view.js';

export async function pruneBackupsCommand(flags: StateFlags): Promise<number> {
  return interruptible(
    async (signal) => {
      const gone = await pruneBackups(await recordedCluster(stateOf(flags)), {
        now: () => new Date(),
        onWait: tellOfWriter,
        signal,
      });
      await print(gone.length === 0 ? 'Nothing to let go.\n' : `Let go: ${gone.join(', ')}\n`);
      return EXIT.done;
    },
    { hint: 'whatever is there still counts' },
  );
}
