import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { DisklessError } from '../../src/errors.js';
import { bootIdOf, consoleTail, machineOf } from './machine.js';
import type { LabPaths } from './naming.js';
import type { NodePlan } from './plan.js';
import { until } from './until.js';

const execute = promisify(execFile);

/** A node needs a second and a half, and many at once share the machine; lossy links need some tries. */
const READY_TIMEOUT = 180_000;
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

export interface SshReadyOptions {
  node: NodePlan;
  paths: LabPaths;
  /** Of the boot that is to be over. */
  previousBoot?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** Returns the boot_id when the node's current boot has run a command for an authenticated user over SSH. */
export async function awaitSsh(options: SshReadyOptions): Promise<string> {
  const { node, paths, previousBoot, signal } = options;
  const nodePaths = paths.node(node.name);
  const look = async () => {
    const machine = machineOf(nodePaths);
    if (machine === undefined) throw notReady(options, 'went off before SSH answered');
    const boot = bootIdOf(machine);
    if (boot === undefined || boot === previousBoot || !(await acceptsConnections(node))) return undefined;
    const said = await overSsh(options);
    // Something else may be on the same stdout: not every shell is quiet.
    return said?.includes(boot) ? boot : undefined;
  };
  const boot = await until(look, { signal, timeout: READY_TIMEOUT });
  if (boot === undefined) throw notReady(options, `does not answer over SSH within ${READY_TIMEOUT / 1000} s`);
  return boot;
}

/** An attempt at a closed port costs nothing, one of ssh some 50 ms of CPU. Behind a jump host only ssh itself can tell. */
export async function acceptsConnections(node: NodePlan): Promise<boolean> {
  const [first] = node.nics;
  if (first === undefined || first.segment === 'hidden') return true;
  const socket = connect({ host: first.address, port: node.traits.sshPort, timeout: 1000 });
  const answers = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('timeout', () => resolve(false));
    socket.once('error', () => resolve(false));
  });
  socket.destroy();
  return answers;
}

async function overSsh({ node, paths, signal }: SshReadyOptions): Promise<string | undefined> {
  const args = ['-F', paths.sshConfig, '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=3', node.name, `cat ${BOOT_ID}`];
  try {
    const { stdout } = await execute('ssh', args, { signal });
    return stdout;
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}

function notReady({ node, paths }: SshReadyOptions, what: string): DisklessError {
  return new DisklessError({
    code: 'lab-node-not-ready',
    host: node.name,
    message: `the lab node ${node.name} ${what}`,
    detail: consoleTail(paths.node(node.name)),
  });
}
