import { spawn } from 'node:child_process';
import { closeSync, openSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DisklessError } from '../../src/errors.js';
import { runCommand } from '../build/run-command.js';
import type { NodePaths } from './naming.js';
import { childrenOf, isAlive, kill, type ProcessIdentity, readOptional, readPidFile } from './process-table.js';
import { until } from './until.js';

/** Killing a machine takes milliseconds; a second more for each of those that share its two cores. */
const DEATH_TIMEOUT = 60_000;
/** A shell's start, on a machine that is busy with many. */
const LAUNCH_TIMEOUT = 60_000;
/** What an error shows of the console. */
const CONSOLE_LINES = 25;

export interface Machine {
  launcher: ProcessIdentity;
  /** Missing between two boots. */
  nspawn?: ProcessIdentity;
  /** The node's own PID 1, as the machine numbers it; missing until there is one. */
  leader?: number;
}

/** Undefined when the node is off. */
export function machineOf(paths: NodePaths): Machine | undefined {
  const launcher = readPidFile(paths.launcher);
  if (launcher === undefined) return undefined;
  const nspawn = readPidFile(paths.nspawn);
  if (nspawn === undefined) return { launcher };
  const leader = childrenOf(nspawn.pid).find(hasOwnPids);
  return { launcher, nspawn, ...(leader === undefined ? {} : { leader }) };
}

function hasOwnPids(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`) !== readlinkSync('/proc/self/ns/pid');
  } catch {
    return false;
  }
}

/** Of the current boot, read past the node; undefined while there is none. */
export function bootIdOf(machine: Machine | undefined): string | undefined {
  if (machine?.leader === undefined) return undefined;
  const id = readOptional(`/proc/${machine.leader}/root/proc/sys/kernel/random/boot_id`)?.trim();
  // Early in its life the node has no /proc of its own, and the machine's shows through.
  return id === readOptional('/proc/sys/kernel/random/boot_id')?.trim() ? undefined : id;
}

/** Switches a node on; it goes on without us. Returns when its launcher has taken over. */
export async function startMachine(paths: NodePaths, signal?: AbortSignal): Promise<void> {
  const log = openSync(paths.log, 'a');
  const launcher = spawn('sh', [join(paths.root, 'launcher.sh'), paths.root], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
  });
  closeSync(log);
  launcher.unref();
  const look = () => machineOf(paths) ?? (launcher.exitCode === null ? undefined : 'ended');
  const found = await until(look, { signal, timeout: LAUNCH_TIMEOUT });
  if (typeof found === 'object') return;
  throw new DisklessError({
    code: 'lab-launch-failed',
    message: `the launcher of a lab node does not start (${paths.root})`,
    detail: consoleTail(paths),
  });
}

/** Power loss: the cable falls silent, then every process is gone at once. Returns when the machine is dead. */
export async function cutPower(paths: NodePaths, next: 'off' | 'cycle', signal?: AbortSignal): Promise<void> {
  const machine = machineOf(paths);
  if (machine === undefined) return;
  writeFileSync(paths.power, next);
  await runCommand({ command: 'sh', args: [join(paths.root, 'cut.sh')], signal });
  // The death of a PID namespace's first process ends all others. nspawn alone would leave them behind.
  for (const pid of [machine.leader, machine.nspawn?.pid]) if (pid !== undefined) kill(pid);
  const victim = next === 'off' ? machine.launcher : (machine.nspawn ?? machine.launcher);
  const dead = await until(() => (isAlive(victim) ? undefined : true), { signal, timeout: DEATH_TIMEOUT });
  if (dead === undefined) throw stillAlive(paths);
}

/** The end of what the node and its launcher have written. */
export function consoleTail(paths: NodePaths): string {
  return (readOptional(paths.log) ?? '').trimEnd().split('\n').slice(-CONSOLE_LINES).join('\n');
}

function stillAlive(paths: NodePaths): DisklessError {
  return new DisklessError({
    code: 'lab-node-survives',
    message: `a lab node does not end within ${DEATH_TIMEOUT / 1000} s (${paths.root})`,
    detail: consoleTail(paths),
  });
}
