import { noteSuperseded } from '../app/note-superseded.js';
import type { SshRequest } from '../app/requests.js';
import { resetMachine } from '../app/reset-machine.js';
import { sshOfRequest } from '../app/ssh-of-request.js';
import { stateOf } from '../app/state-of.js';
import { EXIT, ownError } from '../errors.js';
import { prepareStateDir } from '../state/state-dir.js';
import { interruptible } from './interrupt.js';
import { lockBesideDaemon } from './lock-beside-daemon.js';
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
      const lock = await lockBesideDaemon(state.lock, 'reset', signal);
      try {
        const ssh = sshOfRequest(flags);
        const wasOurs = await resetMachine({ state, host, yes: flags.yes, ssh, tell: tellLine, signal });
        tellLine(wasOurs ? DONE : 'nothing of ours is on it');
        return EXIT.done;
      } catch (thrown) {
        const error = ownError(thrown);
        await noteSuperseded(state, [error], new Date());
        throw error;
      } finally {
        lock.release();
      }
    },
    { hint: 'the same command goes on' },
  );
}

const DONE = 'nothing of ours is on it any more; values of sysctls and kernel modules stay until it boots again';
