import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { runCommand } from '../../../lab/build/run-command.js';
import type { Lab } from '../../../lab/nodes/lab.js';

export interface SshResult {
  /** 255 when ssh itself failed. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface SshOptions {
  input?: string | Buffer;
  /** Before the destination. */
  options?: readonly string[];
}

/** Runs a command on a lab node with plain OpenSSH and the lab's ssh_config. */
export async function sshTo(
  lab: Lab,
  node: string,
  command: string,
  { input = '', options = [] }: SshOptions = {},
): Promise<SshResult> {
  const config = lab.env().K8S_DISKLESS_SSH_CONFIG ?? '';
  const child = spawn('ssh', ['-F', config, '-o', 'BatchMode=yes', ...options, node, command], { stdio: 'pipe' });
  // A connection that breaks stops reading.
  child.stdin.on('error', () => {}).end(input);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, stdout, stderr };
}

/** A node's ed25519 host key, as anybody on the network sees it. */
export async function hostKey(lab: Lab, node: string): Promise<string> {
  const address = lab.node(node).nics[0]?.address ?? '';
  const key = await runCommand({ command: 'ssh-keyscan', args: ['-t', 'ed25519', address] });
  if (!key.includes('ssh-ed25519')) throw new Error(`no host key from ${node}`);
  return key;
}

/** stdout of a program run in a node as root, which must succeed. */
export async function inNode(lab: Lab, node: string, command: string): Promise<string> {
  const { code, stdout, stderr } = await lab.exec(node, ['sh', '-c', command]);
  if (code !== 0) throw new Error(`on ${node}: ${command}: exit code ${code}\n${stderr}`);
  return stdout.trim();
}

/** Whether one node reaches another by ping. */
export async function reaches(lab: Lab, from: string, address: string): Promise<boolean> {
  const { code } = await lab.exec(from, ['ping', '-q', '-c', '2', '-i', '0.2', '-W', '1', address]);
  return code === 0;
}
