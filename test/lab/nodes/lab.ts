import { writeFile } from 'node:fs/promises';
import { DisklessError } from '../../../src/errors.js';
import { ensureBuilt, type LabBuild } from '../build/ensure-built.js';
import { createLab } from './create.js';
import { disturbScript } from './disturbance.js';
import { labEnvironment } from './environment.js';
import { type ExecOptions, type ExecResult, execInside } from './exec.js';
import { type Guard, setGuard } from './guard.js';
import { bootIdOf, cutPower, machineOf, startMachine } from './machine.js';
import { checkLabName, DEFAULT_LAB, type LabPaths, labPaths } from './naming.js';
import { writeDisturbance } from './node-files.js';
import { addPartition, healPartition, OPERATOR, type Pair, partitionScript } from './partition.js';
import type { LabPlan, NodePlan, NodeRequest } from './plan.js';
import { readOptional } from './process-table.js';
import { removeLab } from './remove.js';
import { awaitSsh } from './ssh-ready.js';
import { type LabRecord, readRecord, requireNode, requireRecord, withMachineLock } from './store.js';
import { runScript } from './switch.js';
import type { Disturbance, LinkShape, SshFault } from './traits.js';

export interface StartLabOptions {
  /** Labs of different names run side by side. Default: `lab`. */
  name?: string;
  nodes: readonly NodeRequest[];
  progress?: (line: string) => void;
  signal?: AbortSignal | undefined;
  /** What nodes are made of. Default: the lab's build, made when it is missing. */
  build?: LabBuild;
}

export interface NodeStatus {
  name: string;
  address: string;
  state: 'on' | 'booting' | 'off';
  bootId: string | undefined;
  options: readonly string[];
}

/**
 * A lab of its own for one test program: blank nodes that answer over SSH. It is gone when `down` returns, and also
 * when this process ends without having called it.
 */
export async function startLab(options: StartLabOptions): Promise<Lab> {
  const name = checkLabName(options.name ?? DEFAULT_LAB);
  await withMachineLock(() => removeLab(name), options.signal);
  const guard = setGuard(name);
  const lab = new Lab(name, guard);
  try {
    await lab.up(options);
    return lab;
  } catch (error) {
    await lab.down();
    throw error;
  }
}

/** Handle on a lab; all it knows is in the run directory, so any number of handles and processes may use one lab. */
export class Lab {
  readonly name: string;
  private readonly paths: LabPaths;
  private readonly guard: Guard | undefined;

  constructor(name: string, guard?: Guard) {
    this.name = checkLabName(name);
    this.paths = labPaths(name);
    this.guard = guard;
  }

  get plan(): LabPlan {
    return this.record.plan;
  }

  private get record(): LabRecord {
    return requireRecord(this.name);
  }

  node(name: string): NodePlan {
    return requireNode(this.plan, name);
  }

  /** Makes the lab if there is none, adds the nodes it lacks, switches on those that are off; each answers over SSH. */
  async up({ nodes, progress = () => {}, signal, build }: Omit<StartLabOptions, 'name'>): Promise<void> {
    // A running lab keeps what it was made of, whatever has been built since.
    const parts = readRecord(this.name)?.build ?? build ?? (await ensureBuilt({ progress, signal }));
    await createLab({ name: this.name, nodes, build: parts, signal });
    await this.powerOn(
      nodes.map((node) => node.name),
      { progress, signal },
    );
  }

  /** Switches on those that are off; returns when each answers over SSH. */
  async powerOn(names: readonly string[], options: Pick<StartLabOptions, 'progress' | 'signal'> = {}): Promise<void> {
    const { progress = () => {}, signal } = options;
    const started = performance.now();
    await Promise.all(
      names
        .map((name) => this.node(name))
        .map(async (node) => {
          const paths = this.paths.node(node.name);
          if (machineOf(paths) === undefined) await startMachine(paths, signal);
          await awaitSsh({ node, paths: this.paths, signal });
          progress(`${node.name} ${node.nics[0]?.address}: SSH answers after ${seconds(started)}`);
        }),
    );
  }

  /** From inside by systemd, or with `power` by cutting the power; returns when each answers over SSH in its next boot. */
  async reboot(
    names: readonly string[],
    options: Pick<StartLabOptions, 'progress' | 'signal'> & { power?: boolean } = {},
  ): Promise<void> {
    const { power = false, progress = () => {}, signal } = options;
    const started = performance.now();
    await Promise.all(
      names
        .map((name) => this.node(name))
        .map(async (node) => {
          const paths = this.paths.node(node.name);
          const previousBoot = bootIdOf(machineOf(paths));
          if (previousBoot === undefined) throw notOn(node.name);
          if (power) await cutPower(paths, 'cycle', signal);
          // It may be killed by the very shutdown it asks for, so its exit code tells nothing.
          else await this.exec(node.name, ['systemctl', 'reboot'], { signal });
          await awaitSsh({ node, paths: this.paths, previousBoot, signal });
          progress(`${node.name}: rebooted, SSH answers after ${seconds(started)}`);
        }),
    );
  }

  /** Pulls the plug. */
  async powerOff(names: readonly string[], signal?: AbortSignal): Promise<void> {
    await Promise.all(names.map((name) => cutPower(this.paths.node(this.node(name).name), 'off', signal)));
  }

  /** Runs a program in a node as root. */
  exec(name: string, argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    return execInside(this.paths, this.node(name).name, argv, options);
  }

  /** Cuts a node off from others (`operator` is one too); from every other node, not the operator, when none is named. */
  async partition(name: string, { from = [] }: { from?: readonly string[] } = {}): Promise<void> {
    for (const party of [name, ...from]) if (party !== OPERATOR) this.node(party);
    await this.setPartitions((pairs) => addPartition(this.plan, pairs, { name, from }));
  }

  /** Ends the partitions of a node, or all. */
  async heal(name?: string): Promise<void> {
    await this.setPartitions((pairs) => (name === undefined ? [] : healPartition(pairs, name)));
  }

  /** Makes a link slow or lossy; an empty shape is a good link. It lasts across reboots. */
  async shapeLink(name: string, link: LinkShape): Promise<void> {
    await this.disturb(name, (before) => ({ ...before, link }));
  }

  /** Breaks SSH connections from now on, or with undefined no longer. It lasts across reboots. */
  async breakSsh(name: string, fault: SshFault | undefined): Promise<void> {
    await this.disturb(name, ({ link }) => ({ link, ...(fault === undefined ? {} : { ssh: fault }) }));
  }

  /** What k8s-diskless needs in its environment to work against this lab. */
  env(): Record<string, string> {
    return labEnvironment(this.record);
  }

  list(): NodeStatus[] {
    return this.plan.nodes.map((node) => {
      const machine = machineOf(this.paths.node(node.name));
      const bootId = bootIdOf(machine);
      const state = machine === undefined ? 'off' : bootId === undefined ? 'booting' : 'on';
      return { name: node.name, address: node.nics[0]?.address ?? '', state, bootId, options: node.options };
    });
  }

  /** Removes everything; says what there was. */
  async down(): Promise<string[]> {
    const removed = await withMachineLock(() => removeLab(this.name));
    this.guard?.dismiss();
    return removed;
  }

  private async setPartitions(change: (pairs: Pair[]) => Pair[]): Promise<void> {
    await withMachineLock(async () => {
      const pairs: Pair[] = JSON.parse(readOptional(this.paths.partitions) ?? '[]');
      const wanted = change(pairs);
      await runScript(partitionScript(this.plan, wanted));
      await writeFile(this.paths.partitions, JSON.stringify(wanted));
    });
  }

  private async disturb(name: string, change: (before: Disturbance) => Disturbance): Promise<void> {
    const node = this.node(name);
    await withMachineLock(async () => {
      const before: Disturbance = JSON.parse(readOptional(this.paths.node(name).disturbance) ?? '{"link":{}}');
      const disturbance = change(before);
      await writeDisturbance({ lab: this.plan, node, paths: this.paths, disturbance });
      if (machineOf(this.paths.node(name)) !== undefined) await runScript(disturbScript(this.plan, node, disturbance));
    });
  }
}

function notOn(name: string): DisklessError {
  return new DisklessError({ code: 'lab-node-not-running', host: name, message: `the lab node ${name} is not on` });
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(2)} s`;
}
