import { isDeepStrictEqual } from 'node:util';
import { loadPreset } from '../bench/preset/load-preset.js';
import { EXIT, type ExitCode } from '../errors.js';
import { type ReconcileResult, reconcile } from '../reconcile/reconcile.js';
import { createEventBus } from '../runner/event-bus.js';
import type { EventSink } from '../runner/events.js';
import { acquireLock } from '../state/lock.js';
import { readClusterRecord, readJumpHosts, readNodeRecords } from '../state/record-files.js';
import { createRunDirectory, prepareStateDir, sweepTemporaryFiles } from '../state/state-dir.js';
import { measureCluster } from './bench/run.js';
import { type RunInputs, readInputs } from './inputs.js';
import { interruptible } from './interrupt.js';
import { journal } from './journal.js';
import type { RunFlags } from './options.js';
import { openPki, type ReconcileInputOptions, reconcileInput } from './reconcile-input.js';
import { forgetfulState, persistentState } from './states.js';
import { takenOverMessage } from './taken-over.js';
import { openPlanView, openUpView } from './view.js';

export interface UpFlags extends RunFlags {
  /** Preset to measure the cluster with afterwards. */
  bench?: string;
}

export function upCommand(flags: UpFlags): Promise<number> {
  return interruptible(async (signal) => {
    const preset = flags.bench === undefined ? undefined : await benchPreset(flags.bench);
    const { exit, inputs } = await bringUp(flags, signal);
    if (preset === undefined) return exit;
    if (exit !== EXIT.done) {
      process.stderr.write(notMeasured(exit));
      return exit;
    }
    const { state, place } = inputs;
    const { output, verbose } = flags;
    return measureCluster({ state, place, preset, output, verbose, signal });
  });
}

function notMeasured(exit: ExitCode): string {
  return `not measured: up ended with exit code ${exit}, and a benchmark needs every node Ready; k8s-diskless bench does it later\n`;
}

async function benchPreset(name: string) {
  return { name, values: await loadPreset({ name }), overrides: [] };
}

async function bringUp(flags: RunFlags, signal: AbortSignal): Promise<{ exit: ExitCode; inputs: RunInputs }> {
  const view = openUpView(flags);
  const readToAct = () => orOutdated(readInputs(flags, signal, view.onArtifact));
  const seen = await readToAct();
  await prepareStateDir(seen.state);
  const lock = await acquireLock({ path: seen.state.lock, command: 'up', now: () => new Date() });
  try {
    const inputs = await unlessStale(seen, readToAct);
    await sweepTemporaryFiles(inputs.state);
    const runDirectory = await createRunDirectory(inputs.state, new Date());
    const pki = await openPki(inputs, 'persistent');
    const state = persistentState({ ...inputs, runDirectory, pki });
    const sinks = [view.sink, journal(runDirectory)];
    const { takenOverFrom } = lock;
    const notes = takenOverFrom ? [{ code: 'lock-taken-over', message: takenOverMessage(takenOverFrom) }] : [];
    const result = await run({ command: 'up', inputs, flags, state, signal, sinks, notes });
    return { exit: result.exit, inputs };
  } finally {
    await view.end();
    lock.release();
  }
}

export function planCommand(flags: RunFlags): Promise<number> {
  return interruptible(async (signal) => {
    const view = openPlanView(flags);
    const inputs = await readInputs(flags, signal, view.onArtifact);
    const state = forgetfulState(await openPki(inputs, 'memory'));
    const result = await run({ command: 'plan', inputs, flags, state, signal, sinks: [view.sink] });
    await view.end(result);
    return result.exit;
  });
}

/** Before anything is touched: such a cluster is for `plan` to look at. */
async function orOutdated(reading: Promise<RunInputs>): Promise<RunInputs> {
  const inputs = await reading;
  if (inputs.outdated) throw inputs.outdated;
  return inputs;
}

/** Another run may have ended between our reading its state and getting the lock. */
async function unlessStale(seen: RunInputs, again: () => Promise<RunInputs>): Promise<RunInputs> {
  const { state, record, nodeRecords, jumpHosts } = seen;
  const now = await Promise.all([readClusterRecord(state), readNodeRecords(state), readJumpHosts(state)]);
  const isSame = isDeepStrictEqual(now, [record, nodeRecords, jumpHosts]);
  return isSame ? seen : again();
}

interface Note {
  code: string;
  message: string;
}

interface Run extends Omit<ReconcileInputOptions, 'bus'> {
  sinks: EventSink[];
  /** Beside those of the inputs. */
  notes?: Note[];
}

async function run({ sinks, notes = [], ...options }: Run): Promise<ReconcileResult> {
  const bus = createEventBus({ sinks, monotonicMs: () => performance.now(), wallClock: () => new Date() });
  for (const { code, message } of [...notes, ...options.inputs.notes])
    bus.emit({ type: 'note', level: 'warning', code, message });
  return reconcile(reconcileInput({ ...options, bus }));
}
