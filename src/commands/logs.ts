import { readLogs } from '../app/read-logs.js';
import type { SshRequest } from '../app/requests.js';
import { sshOfRequest } from '../app/ssh-of-request.js';
import { stateOf } from '../app/state-of.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { EXIT } from '../errors.js';
import { interruptible } from './interrupt.js';
import type { StateFlags } from './options.js';
import { tellLine } from './view.js';

export interface LogsFlags extends StateFlags, SshRequest {
  since?: string;
  follow: boolean;
}

/** Ctrl-C is how following ends. */
export function logsCommand(node: string, component: string | undefined, flags: LogsFlags): Promise<number> {
  return interruptible(
    async (signal) => {
      const recorded = await recordedCluster(stateOf(flags));
      const { since, follow } = flags;
      const ssh = sshOfRequest(flags);
      try {
        await readLogs({ recorded, ssh, node, component, since, follow, out: process.stdout, tell: tellLine, signal });
      } catch (error) {
        if (!follow || !signal.aborted) throw error;
      }
      return EXIT.done;
    },
    { hint: 'the same command shows it again' },
  );
}
