import type { SshRequest } from '../app/requests.js';
import { resetMachine } from '../app/reset-machine.js';
import { sshOfRequest } from '../app/ssh-of-request.js';
import { stateOf } from '../app/state-of.js';
import { EXIT } from '../errors.js';
import { prepareStateDir } from '../state/state-dir.js';
import { actUnderLock } from './act-under-lock.js';
import { interruptible } from './interrupt.js';
import type { StateFlags } from './options.js';
import { tellLine } from './view.js';

export interface ResetFlags extends StateFlags, SshRequest {
  /** Its name again. */
  yes?: string;
}

export function resetCommand(host: string, flags: ResetFlags): Promise<number> {
  return interruptible(
    async (signal) => {
      const state = stateOf(flags);
      await prepareStateDir(state);
      const ssh = sshOfRequest(flags);
      const { yes } = flags;
      const wasOurs = await actUnderLock({ state, command: 'reset', signal }, () =>
        resetMachine({ state, host, yes, ssh, tell: tellLine, signal }),
      );
      tellLine(wasOurs ? DONE : 'nothing of ours is on it');
      return EXIT.done;
    },
    { hint: 'the same command goes on' },
  );
}

const DONE = 'nothing of ours is on it any more; values of sysctls and kernel modules stay until it boots again';
