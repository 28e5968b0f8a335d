import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { NodePlan } from '../nodes/plan.js';
import { acceptsConnections } from '../nodes/ssh-ready.js';
import { until } from '../nodes/until.js';

/** Half a minute alone; several emulated machines share two cores. */
const BOOT_TIMEOUT = 300_000;

export interface SshAnswer {
  /** 255 when ssh itself failed. */
  code: number;
  stdout: string;
  stderr: string;
}

export async function overSsh(sshConfig: string, host: string, command: string): Promise<SshAnswer> {
  const options = ['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=20'];
  const child = spawn('ssh', ['-F', sshConfig, ...options, host, command], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: code ?? 255, stdout, stderr };
}

export interface AwaitBootOptions {
  node: NodePlan;
  sshConfig: string;
  isOn: () => boolean;
  /** Of the boot that is to be over. */
  previousBoot?: string;
  signal?: AbortSignal;
}

/** The boot_id of the first boot but the previous one that answers over SSH, or why none will. */
export async function awaitBoot(options: AwaitBootOptions): Promise<string | { gaveUp: string }> {
  const { node, sshConfig, isOn, previousBoot, signal } = options;
  const look = async () => {
    if (!isOn()) return { gaveUp: 'went off before SSH answered' };
    if (!(await acceptsConnections(node))) return undefined;
    const { code, stdout } = await overSsh(sshConfig, node.name, 'cat /proc/sys/kernel/random/boot_id');
    const boot = stdout.trim();
    return code === 0 && boot !== previousBoot ? boot : undefined;
  };
  const found = await until(look, { signal, timeout: BOOT_TIMEOUT });
  return found ?? { gaveUp: `does not answer over SSH within ${BOOT_TIMEOUT / 1000} s` };
}
