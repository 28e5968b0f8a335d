import { usageError } from '../../src/errors.js';
import { ensureBuilt, type LabBuild } from '../build/ensure-built.js';
import type { SystemName } from '../generations.js';
import { traitsOf } from '../options.js';
import { createLab } from './create.js';
import { labEnvironment } from './environment.js';
import { type ExecOptions, type ExecResult, execInside } from './exec.js';
import { changeDisturbance, changePartitions } from './faults.js';
import { type Guard, setGuard } from './guard.js';
import { bootIdOf, cutPower, machineOf } from './machine.js';
import { checkLabName, DEFAULT_LAB, type LabPaths, labPaths } from './naming.js';
import { addPartition, healPartition, OPERATOR } from './partition.js';
import type { LabPlan, NodePlan, NodeRequest } from './plan.js';
import { reboot, switchOn, type WatchOptions } from './power.js';
import { removeLab } from './remove.js';
import { type LabRecord, readRecord, requireNode, requireRecord, withMachineLock } from './store.js';
import type { Disturbance, LinkShape, SshFault } from './traits.js';

export interface StartLabOptions extends WatchOptions {
  /** Labs of different names run side by side. Default: `lab`. */
  name?: string;
  nodes: readonly NodeRequest[];
  /** Generation of the software, see `lab generations`. Default: `newest`. */
  generation?: string | undefined;
  /** What nodes are made of. Default: the build of that generation, made when it is missing. */
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

/** Those that nodes ask for beside that of the generation. */
function systemsOf(nodes: readonly NodeRequest[]): SystemName[] {
  return nodes.flatMap(({ name, options = [] }) => traitsOf(name, options).system ?? []);
}

function isOfGeneration(lab: string, generation: string): Error {
  return usageError({
    code: 'lab-generation-differs',
    message: `the lab ${lab} is of generation ${generation}`,
    hint: 'take it down, or name another: lab --lab NAME up s4',
  });
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
  async up(options: Omit<StartLabOptions, 'name'>): Promise<void> {
    const { nodes, progress = () => {}, signal, build, generation } = options;
    const running = readRecord(this.name)?.build;
    if (running !== undefined && generation !== undefined && generation !== running.generation) {
      throw isOfGeneration(this.name, running.generation);
    }
    // A running lab keeps what it was made of, whatever has been built since.
    const systems = systemsOf(nodes);
    const parts = running ?? build ?? (await ensureBuilt({ progress, signal, generation, systems }));
    await createLab({ name: this.name, nodes, build: parts, signal });
    await this.powerOn(
      nodes.map((node) => node.name),
      { progress, signal },
    );
  }

  /** Switches on those that are off; returns when each answers over SSH. */
  async powerOn(names: readonly string[], options: WatchOptions = {}): Promise<void> {
    await this.forEach(names, (node) => switchOn({ ...options, node, paths: this.paths }));
  }

  /** From inside by systemd, or with `power` by cutting the power; returns when each answers over SSH in its next boot. */
  async reboot(names: readonly string[], options: WatchOptions & { power?: boolean } = {}): Promise<void> {
    await this.forEach(names, (node) => reboot({ ...options, node, paths: this.paths }));
  }

  /** Pulls the plug. */
  async powerOff(names: readonly string[], signal?: AbortSignal): Promise<void> {
    await this.forEach(names, (node) => cutPower(this.paths.node(node.name), 'off', signal));
  }

  /** Runs a program in a node as root. */
  exec(name: string, argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    return execInside(this.paths, this.node(name).name, argv, options);
  }

  /** Cuts a node off from others (`operator` is one too); from every other node, not the operator, when none is named. */
  async partition(name: string, { from = [] }: { from?: readonly string[] } = {}): Promise<void> {
    for (const party of [name, ...from]) if (party !== OPERATOR) this.node(party);
    await changePartitions(this.plan, this.paths, (pairs) => addPartition(this.plan, pairs, { name, from }));
  }

  /** Ends the partitions of a node, or all. */
  async heal(name?: string): Promise<void> {
    if (name !== undefined && name !== OPERATOR) this.node(name);
    await changePartitions(this.plan, this.paths, (pairs) => (name === undefined ? [] : healPartition(pairs, name)));
  }

  /** Makes a link slow or lossy; an empty shape is a good link. It lasts across reboots. */
  async shapeLink(name: string, link: LinkShape): Promise<void> {
    const change = (before: Disturbance) => ({ ...before, link });
    await changeDisturbance({ lab: this.plan, node: this.node(name), paths: this.paths, change });
  }

  /** Breaks SSH connections from now on, or with undefined no longer. It lasts across reboots. */
  async breakSsh(name: string, fault: SshFault | undefined): Promise<void> {
    const change = ({ link }: Disturbance) => ({ link, ...(fault === undefined ? {} : { ssh: fault }) });
    await changeDisturbance({ lab: this.plan, node: this.node(name), paths: this.paths, change });
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

  /** Checks all names before anything is done to one of them. */
  private async forEach(names: readonly string[], work: (node: NodePlan) => Promise<void>): Promise<void> {
    await Promise.all(names.map((name) => this.node(name)).map(work));
  }
}
