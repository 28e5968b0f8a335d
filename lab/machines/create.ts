import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shellQuote } from '../../src/ssh/quote.js';
import type { MachineBuild } from '../build/ensure-built.js';
import { runCommand } from '../build/run-command.js';
import { cgroupOf, labPaths, portOf } from '../nodes/naming.js';
import { emptyLab, MOST_LABS, type NodePlan, withNodes } from '../nodes/plan.js';
import { bridgeOf, switchOf } from '../nodes/plumbing.js';
import { removeLab } from '../nodes/remove.js';
import { renderSshConfig } from '../nodes/ssh-config.js';
import { freeIndex, withMachineLock, writeRecord } from '../nodes/store.js';
import { buildSwitch } from '../nodes/switch.js';
import { startBootServices } from './boot-services.js';
import { type Hardware, type MachinesRecord, readMachinesRecord } from './machine-record.js';

export interface MachineRequest extends Partial<Hardware> {
  name: string;
}

export interface CreateMachinesOptions {
  lab: string;
  machines: readonly MachineRequest[];
  build: MachineBuild;
  /** Of a new lab. Default: `own`. */
  dhcp?: MachinesRecord['dhcp'] | undefined;
  signal?: AbortSignal | undefined;
}

/** An emulated sshd takes seconds to start, and more beside a machine that boots. */
const CONNECT_TIMEOUT_SECONDS = 30;

/** Room for a control plane whose disk is its RAM, its initrd among it. */
const MEMORY_MIB = 3072;

/** Makes the lab unless there is one, and all that new machines need to boot; switches nothing on. */
export function createMachines(options: CreateMachinesOptions): Promise<MachinesRecord> {
  return withMachineLock(async () => {
    const { lab, machines, signal } = options;
    const before = readMachinesRecord(lab) ?? (await layFoundation(options));
    const plan = withNodes(
      before.plan,
      machines.map(({ name }) => ({ name })),
    );
    const isNew = (node: { name: string }) => before.hardware[node.name] === undefined;
    const added = machines.filter(isNew).map(({ name, ...rest }) => [name, { ...ORDINARY, ...rest }] as const);
    const record = { ...before, plan, hardware: { ...before.hardware, ...Object.fromEntries(added) } };
    for (const node of plan.nodes.filter(isNew)) await writeMachineFiles(record, node);
    await writeFile(labPaths(lab).sshConfig, renderSshConfig(plan, labPaths(lab).key, CONNECT_TIMEOUT_SECONDS));
    // One without its record was ended in here, and is made anew.
    if (added.length > 0) await startBootServices(record, signal);
    await writeRecord(record);
    return record;
  }, options.signal);
}

const ORDINARY: Hardware = { firmware: 'bios', memoryMiB: MEMORY_MIB };

async function layFoundation({ lab, build, dhcp = 'own' }: CreateMachinesOptions): Promise<MachinesRecord> {
  const { root, key } = labPaths(lab);
  // Without a record whatever bears this name is a crashed run's.
  await removeLab(lab);
  const plan = emptyLab({ name: lab, index: freeIndex(MOST_LABS), hasRouter: false });
  const record: MachinesRecord = { plan, build, dhcp, hardware: {} };
  try {
    await mkdir(root, { recursive: true });
    await writeRecord(record);
    await runCommand({ command: 'ssh-keygen', args: ['-q', '-t', 'ed25519', '-N', '', '-C', 'lab', '-f', key] });
    await buildSwitch(plan);
  } catch (error) {
    await removeLab(lab);
    throw error;
  }
  return record;
}

async function writeMachineFiles({ plan, hardware }: MachinesRecord, node: NodePlan): Promise<void> {
  const { root: directory } = labPaths(plan.name).node(node.name);
  await mkdir(directory, { recursive: true });
  for (const script of ['launch.sh', '../nodes/process.sh']) {
    await copyFile(join(import.meta.dirname, script), join(directory, script.replace(/.*\//, '')));
  }
  const { firmware, memoryMiB } = hardware[node.name] ?? ORDINARY;
  const variables: Record<string, string> = {
    NETNS: switchOf(plan),
    CGROUP: cgroupOf(plan.name, node.name),
    PORT: portOf(node.name, 0),
    MAC: node.nics[0]?.mac ?? '',
    MEMORY: `${memoryMiB}M`,
    FIRMWARE: firmware,
  };
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${shellQuote(value)}\n`);
  await writeFile(join(directory, 'machine.env'), lines.join(''));
  // Run by QEMU, in the switch's namespace, with the name of the link it has made.
  const plug = `#!/bin/sh\nip link set "$1" master ${bridgeOf('main')} up\n`;
  await writeFile(join(directory, 'tap-up.sh'), plug, { mode: 0o755 });
}
