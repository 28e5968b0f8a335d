import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DisklessError, usageError } from '../../src/errors.js';
import { shellQuote } from '../../src/ssh/quote.js';
import { ensureMachinesBuilt, type MachineBuild } from '../build/ensure-built.js';
import { labEnvironment } from '../nodes/environment.js';
import { type Guard, setGuard } from '../nodes/guard.js';
import { consoleTail } from '../nodes/machine.js';
import { checkLabName, type LabPaths, labPaths } from '../nodes/naming.js';
import type { NodePlan } from '../nodes/plan.js';
import type { WatchOptions } from '../nodes/power.js';
import { isAlive, kill, type ProcessIdentity, readPidFile } from '../nodes/process-table.js';
import { removeLab } from '../nodes/remove.js';
import { requireNode, withMachineLock } from '../nodes/store.js';
import { until } from '../nodes/until.js';
import { type BootPaths, bootPaths } from './boot-config.js';
import { createMachines, type MachineRequest } from './create.js';
import { type MachinesRecord, readMachinesRecord } from './machine-record.js';
import { awaitBoot, overSsh, type SshAnswer } from './ssh.js';

const DEATH_TIMEOUT = 60_000;
const LAUNCH_TIMEOUT = 60_000;

export interface StartMachinesOptions extends WatchOptions {
  name: string;
  machines: readonly MachineRequest[];
  /** Default: the lab's build, made when it is missing. */
  build?: MachineBuild;
  /** Default: `own`, our dnsmasq is the only DHCP server. */
  dhcp?: MachinesRecord['dhcp'];
}

export interface MachineStatus {
  name: string;
  address: string;
  mac: string;
  firmware: string;
  state: 'on' | 'off';
}

/**
 * Machines of its own for one test program, switched off. They are gone when `down` returns, and also when this process
 * ends without having called it.
 */
export async function plugInMachines(options: StartMachinesOptions): Promise<MachineLab> {
  const name = checkLabName(options.name);
  await withMachineLock(() => removeLab(name), options.signal);
  const guard = setGuard(name);
  const lab = new MachineLab(name, guard);
  try {
    await lab.add(options);
    return lab;
  } catch (error) {
    await lab.down();
    throw error;
  }
}

/**
 * Handle on a lab of emulated machines without a disk, which get their operating system from `k8s-diskless boot serve`
 * at every boot. All it knows is in the run directory, so any number of handles and processes may use one lab.
 */
export class MachineLab {
  readonly name: string;
  readonly boot: BootPaths;
  private readonly paths: LabPaths;
  private readonly guard: Guard | undefined;

  constructor(name: string, guard?: Guard) {
    this.name = checkLabName(name);
    this.paths = labPaths(name);
    this.boot = bootPaths(name);
    this.guard = guard;
  }

  private get record(): MachinesRecord {
    const record = readMachinesRecord(this.name);
    if (record !== undefined) return record;
    const message = `there is no lab of machines called ${this.name}`;
    throw usageError({ code: 'lab-missing', message, hint: 'start one: lab machine up s4' });
  }

  node(name: string): NodePlan {
    return requireNode(this.record.plan, name);
  }

  /** Makes the lab if there is none, and adds the machines it lacks, switched off. */
  async add({ machines, progress = () => {}, signal, build, dhcp }: Omit<StartMachinesOptions, 'name'>): Promise<void> {
    const parts = readMachinesRecord(this.name)?.build ?? build ?? (await ensureMachinesBuilt({ progress, signal }));
    await createMachines({ lab: this.name, machines, build: parts, dhcp, signal });
  }

  /** Presses the button of those that are off; does not wait for anything they do. */
  async switchOn(names: readonly string[], signal?: AbortSignal): Promise<void> {
    for (const node of names.map((name) => this.node(name))) {
      if (this.process(node.name) === undefined) await this.launch(node.name, signal);
    }
  }

  /** Pulls the plug. */
  async powerOff(names: readonly string[], signal?: AbortSignal): Promise<void> {
    for (const { name } of names.map((wanted) => this.node(wanted))) {
      const machine = this.process(name);
      if (machine === undefined) continue;
      kill(machine.pid);
      const dead = await until(() => (isAlive(machine) ? undefined : true), { signal, timeout: DEATH_TIMEOUT });
      if (dead === undefined) throw this.failure(name, 'does not end');
    }
  }

  /** From inside by systemd, or by cutting the power. Resolves to the boot_ids that are over then, by name. */
  async reboot(
    names: readonly string[],
    options: { power?: boolean; signal?: AbortSignal } = {},
  ): Promise<Map<string, string>> {
    const { power = false, signal } = options;
    const previous = new Map<string, string>();
    for (const name of names) {
      previous.set(name, await this.booted(name, { ...(signal && { signal }) }));
      // It may be cut off by the very shutdown it asks for, so its exit code tells nothing.
      if (!power) await this.ssh(name, ['systemctl', 'reboot']);
    }
    if (power) await this.powerOff(names, signal);
    await this.switchOn(names, signal);
    return previous;
  }

  /** Resolves to the boot_id once the machine's boot, another than `previousBoot`, answers over SSH. */
  async booted(name: string, options: { previousBoot?: string; signal?: AbortSignal } = {}): Promise<string> {
    const node = this.node(name);
    const isOn = () => this.process(name) !== undefined;
    const boot = await awaitBoot({ ...options, node, sshConfig: this.paths.sshConfig, isOn });
    if (typeof boot === 'string') return boot;
    throw this.failure(name, boot.gaveUp);
  }

  /** Runs a program on a machine as root, by plain OpenSSH. */
  ssh(name: string, argv: readonly string[]): Promise<SshAnswer> {
    return overSsh(this.paths.sshConfig, this.node(name).name, `sudo ${shellQuote(...argv)}`);
  }

  /** What firmware, iPXE and kernel have written of all boots. */
  consoleFile(name: string): string {
    return this.paths.node(this.node(name).name).log;
  }

  /** What k8s-diskless needs in its environment to work against these machines. */
  env(): Record<string, string> {
    return labEnvironment(this.record);
  }

  list(): MachineStatus[] {
    const { plan, hardware } = this.record;
    return plan.nodes.map(({ name, nics: [nic] }) => ({
      name,
      address: nic?.address ?? '',
      mac: nic?.mac ?? '',
      firmware: hardware[name]?.firmware ?? '',
      state: this.process(name) === undefined ? 'off' : 'on',
    }));
  }

  /** Removes everything; says what there was. */
  async down(): Promise<string[]> {
    const removed = await withMachineLock(() => removeLab(this.name));
    this.guard?.dismiss();
    return removed;
  }

  private process(name: string): ProcessIdentity | undefined {
    return readPidFile(this.paths.node(name).launcher);
  }

  private async launch(name: string, signal: AbortSignal | undefined): Promise<void> {
    const { root, log } = this.paths.node(name);
    const file = openSync(log, 'a');
    const child = spawn('sh', [join(root, 'launch.sh'), root], {
      detached: true,
      stdio: ['ignore', file, file],
      cwd: '/',
    });
    closeSync(file);
    child.unref();
    const look = () => (this.process(name) ? true : child.exitCode === null ? undefined : false);
    if (await until(look, { signal, timeout: LAUNCH_TIMEOUT })) return;
    throw this.failure(name, 'cannot be switched on');
  }

  private failure(name: string, what: string): DisklessError {
    return new DisklessError({
      code: 'lab-machine-failed',
      host: name,
      message: `the lab machine ${name} ${what}`,
      detail: consoleTail(this.paths.node(name)),
    });
  }
}
