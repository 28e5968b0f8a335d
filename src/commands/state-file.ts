import { exportState, STATE_EXPORT } from '../app/export-state.js';
import { importState } from '../app/import-state.js';
import { stateOf } from '../app/state-of.js';
import { EXIT, usageError } from '../errors.js';
import { interruptible } from './interrupt.js';
import { lockBesideDaemon } from './lock-beside-daemon.js';
import type { StateFlags } from './options.js';
import { print } from './output-lost.js';
import { sealOf, unsealOf } from './seal-keys.js';
import type { SealFlags, UnsealFlags } from './seal-options.js';

export function exportStateCommand(file: string, flags: StateFlags & SealFlags): Promise<number> {
  return interruptible(
    async (signal) => {
      const to = await sealOf(flags, file, signal);
      if (to === undefined) throw neverPlain();
      const out = { path: file, force: flags.force };
      const lock = (path: string) => lockBesideDaemon(path, STATE_EXPORT, signal);
      const { cluster } = await exportState({ state: stateOf(flags), out, to, lock, now: () => new Date(), signal });
      await print(`the state of cluster ${cluster} is in ${file}: whoever opens it has the keys of the cluster\n`);
      return EXIT.done;
    },
    { hint: 'nothing was written' },
  );
}

export interface ImportStateFlags extends StateFlags, UnsealFlags {
  oldOperatorIsGone: boolean;
}

export function importStateCommand(file: string, flags: ImportStateFlags): Promise<number> {
  return interruptible(
    async (signal) => {
      const state = stateOf(flags);
      const unsealWith = () => unsealOf(flags, file, signal);
      const { oldOperatorIsGone } = flags;
      const { cluster, exportedAt } = await importState({ state, file, unsealWith, oldOperatorIsGone, signal });
      await print(
        `${state.root} is the state of cluster ${cluster} as of ${exportedAt}; k8s-diskless plan shows how that compares\n`,
      );
      return EXIT.done;
    },
    { hint: 'nothing was imported' },
  );
}

function neverPlain() {
  return usageError({
    code: 'state-plain',
    message: 'a state has the keys of all authorities of the cluster, and is never written in plain',
    hint: 'leave --plain away: --recipient, --passphrase-file, or a passphrase on the terminal seal it',
  });
}
