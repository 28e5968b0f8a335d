import { bringUp } from '../app/bring-up.js';
import { copyBackups } from '../app/copy-backups.js';
import type { RunInputs } from '../app/inputs.js';
import { journal } from '../app/journal.js';
import { plan } from '../app/plan.js';
import { loadPreset } from '../bench/preset/load-preset.js';
import { EXIT, type ExitCode, withHint } from '../errors.js';
import { readClusterRecord } from '../state/record-files.js';
import { measureCommand } from './bench/run.js';
import { demoted } from './demoted.js';
import { interruptible } from './interrupt.js';
import { lockBesideDaemon } from './lock-beside-daemon.js';
import type { RunFlags } from './options.js';
import { unsealOf } from './seal-keys.js';
import type { UnsealFlags } from './seal-options.js';
import { throughStages } from './upgrade-stages.js';
import { openPlanView, openUpView, tellLine } from './view.js';

export interface UpFlags extends RunFlags, UnsealFlags {
  /** Preset to measure the cluster with afterwards. */
  bench?: string;
  /** Control plane that becomes a worker before anything else, by a person's word. */
  demote?: string;
}

export function upCommand(flags: UpFlags): Promise<number> {
  return interruptible(async (signal) => {
    const preset = flags.bench === undefined ? undefined : await benchPreset(flags.bench);
    if (flags.demote !== undefined) await demoted(flags.demote, flags, signal);
    const { result, inputs } = await throughStages(() => shown(flags, signal));
    await copied(inputs, signal);
    if (preset === undefined) return result.exit;
    if (result.exit !== EXIT.done) {
      process.stderr.write(notMeasured(result.exit));
      return result.exit;
    }
    const { state, place } = inputs;
    const { output, verbose } = flags;
    return measureCommand({ state, place, preset, output, verbose, signal });
  });
}

async function shown(flags: UpFlags, signal: AbortSignal) {
  const view = openUpView(flags);
  const { snapshot } = flags;
  let key: ReturnType<typeof unsealOf> | undefined;
  // It may be read twice, and is asked for once.
  const unsealSnapshot = () => {
    key ??= unsealOf(flags, snapshot ?? '', signal);
    return key;
  };
  const request = { ...flags, unsealSnapshot };
  const lock = (path: string) => lockBesideDaemon(path, 'up', signal);
  const { sink, onArtifact } = view;
  return bringUp({ request, lock, sink, journal, onArtifact, signal }).finally(() => view.end());
}

/** Without the lock: a place elsewhere may be slow, and what is kept may have to be restored meanwhile. */
async function copied({ state }: RunInputs, signal: AbortSignal): Promise<void> {
  const record = await readClusterRecord(state);
  if (record === undefined || signal.aborted) return;
  const uncopied = await copyBackups({ state, record }, () => new Date(), signal);
  if (uncopied === undefined) return;
  const { message, hint } = uncopied;
  tellLine(`warning: not all snapshots were copied: ${withHint(message, hint)}`);
}

function notMeasured(exit: ExitCode): string {
  return `not measured: up ended with exit code ${exit}, and a benchmark needs every node Ready; k8s-diskless bench does it later\n`;
}

async function benchPreset(name: string) {
  return { name, values: await loadPreset({ name }), overrides: [] };
}

export function planCommand(flags: RunFlags): Promise<number> {
  return interruptible(async (signal) => {
    const { sink, onArtifact, end } = openPlanView(flags);
    const result = await plan({ request: flags, sink, onArtifact, signal });
    await end(result);
    return result.exit;
  });
}
