import { exportState, STATE_EXPORT } from '../app/export-state.js';
import { importState } from '../app/import-state.js';
import { stateOf } from '../app/state-of.js';
import { takeBackState } from '../app/take-back-state.js';
import { EXIT, usageError } from '../errors.js';
import { interruptible } from './interrupt.js';
import { lockBesideDaemon } from './lock-beside-daemon.js';
import type { StateFlags } from './options.js';
import { print } from './output-lost.js';
import { sealOf, unsealOf } from './seal-keys.js';
import type { SealFlags, UnsealFlags } from './seal-options.js';
import { tellOfWriter } from './view.js';

export interface ExportStateFlags extends StateFlags, SealFlags {
  move: boolean;
}

export function exportStateCommand(file: string, flags: ExportStateFlags): Promise<number> {
  return interruptible(
    async (signal) => {
      const to = await sealOf(flags, file, signal);
      if (to === undefined) throw neverPlain();
      const out = { path: file, force: flags.force };
      const { move } = flags;
      const state = stateOf(flags);
      const lock = (path: string) => lockBesideDaemon(path, STATE_EXPORT, signal);
      const { cluster } = await exportState({
        ...{ state, out, to, move, lock, signal },
        now: () => new Date(),
        onWait: tellOfWriter,
      });
      await print(`the state of cluster ${cluster} is in ${file}: whoever opens it has the keys of the cluster\n`);
      if (move)
        await print(`${state.root} is handed over, and only read from now on; state import takes the file into use\n`);
      return EXIT.done;
    },
    { hint: 'no file was written' },
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

export interface TakeBackStateFlags extends StateFlags {
  above?: number;
}

export function takeBackStateCommand({ above, ...flags }: TakeBackStateFlags): Promise<number> {
  return interruptible(
    async (signal) => {
      const state = stateOf(flags);
      const lock = (path: string) => lockBesideDaemon(path, 'state take-back', signal);
      const generation = await takeBackState({ state, above, lock });
      const text = `${state.root} is in use again, as generation ${generation}; k8s-diskless plan shows how it compares`;
      await print(`${text}\n`);
      return EXIT.done;
    },
    { hint: 'it is as it was' },
  );
}

function neverPlain() {
  return usageError({
    code: 'state-plain',
    message: 'a state has the keys of all authorities of the cluster, and is never written in plain',
    hint: 'leave --plain away: --recipient, --passphrase-file, or a passphrase on the terminal seal it',
  });
}
