import { DisklessError } from '../../src/errors.js';
import { execInside } from './exec.js';
import { bootIdOf, cutPower, machineOf, startMachine } from './machine.js';
import type { LabPaths } from './naming.js';
import type { NodePlan } from './plan.js';
import { awaitSsh } from './ssh-ready.js';

/** How to follow and how to stop what takes a while. */
export interface WatchOptions {
  /** Told each step in words. */
  progress?: (line: string) => void;
  signal?: AbortSignal | undefined;
}

interface PowerOptions extends WatchOptions {
  node: NodePlan;
  paths: LabPaths;
}

/** Returns when the node answers over SSH. */
export async function switchOn({ node, paths, progress = () => {}, signal }: PowerOptions): Promise<void> {
  const started = performance.now();
  const nodePaths = paths.node(node.name);
  if (machineOf(nodePaths) === undefined) await startMachine(nodePaths, signal);
  await awaitSsh({ node, paths, signal });
  progress(`${node.name} ${node.nics[0]?.address}: SSH answers after ${seconds(started)}`);
}

/** By systemd inside, or by a power cut; returns when the node answers over SSH in its next boot. */
export async function reboot(options: PowerOptions & { power?: boolean }): Promise<void> {
  const { node, paths, power = false, progress = () => {}, signal } = options;
  const started = performance.now();
  const nodePaths = paths.node(node.name);
  const previousBoot = bootIdOf(machineOf(nodePaths));
  if (previousBoot === undefined) throw notOn(node.name);
  if (power) await cutPower(nodePaths, 'cycle', signal);
  // It may be killed by the very shutdown it asks for, so its exit code tells nothing.
  else await execInside(paths, node.name, ['systemctl', 'reboot'], { signal });
  await awaitSsh({ node, paths, previousBoot, signal });
  progress(`${node.name}: rebooted, SSH answers after ${seconds(started)}`);
}

function notOn(name: string): DisklessError {
  return new DisklessError({ code: 'lab-node-not-running', host: name, message: `the lab node ${name} is not on` });
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(2)} s`;
}
