import { spawn } from 'node:child_process';
import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../../lab/nodes/lab.js';
import { CLIENTS, PKI } from '../../src/components/pki-paths.js';
import { PATHS } from '../../src/node/paths.js';

const SCRIPT = join(import.meta.dirname, 'floor.bash');

/**
 * What no tool can be faster than on these machines: the sum of four parts, each alone, with the same binaries and
 * flags, on all control planes at once, since they share the processors; the slowest of them counts. Seconds.
 */
export interface Floor {
  /** As many compressed bytes by OpenSSH. */
  send: number;
  /** From its start until it is healthy. */
  etcd: number;
  /** From its start until /livez. */
  apiserver: number;
  /** From its start until its node is Ready. */
  kubelet: number;
  total: number;
}

export interface FloorOptions {
  lab: Lab;
  controlPlanes: readonly string[];
  nodes: readonly string[];
  /** Compressed bytes that `up` sent to a control plane. */
  bytes: number;
  cacheDir: string;
}

/** Measures on a cluster that `up` has just made, and leaves it broken: reboot the nodes after it. */
export async function measureFloor(options: FloorOptions): Promise<Floor> {
  const { lab, controlPlanes, nodes } = options;
  const slowest = async (measure: (node: string) => Promise<number>): Promise<number> =>
    Math.max(...(await Promise.all(controlPlanes.map(measure))));
  const send = await slowest((node) => sendByOpenSsh(options, node));
  const units = ['kubelet', 'kube-proxy', 'kube-scheduler', 'kube-controller-manager', 'kube-apiserver', 'etcd'];
  await Promise.all(nodes.map((name) => lab.exec(name, ['systemctl', 'stop', ...units])));
  const etcd = await slowest((node) => seconds(lab, node, ['etcd', PATHS.etcdData]));
  const apiserver = await slowest((node) => seconds(lab, node, ['apiserver']));
  const { cert, key } = CLIENTS.kubelet;
  const kubelet = await slowest((node) => seconds(lab, node, ['kubelet', node, PKI.ca, cert, key]));
  return { send, etcd, apiserver, kubelet, total: send + etcd + apiserver + kubelet };
}

async function seconds(lab: Lab, node: string, what: readonly string[]): Promise<number> {
  const input = readFileSync(SCRIPT);
  const { stdout, stderr, code } = await lab.exec(node, ['timeout', '60', 'bash', '-s', '--', ...what], { input });
  const [began, ended] = stdout.trim().split(' ').map(Number);
  if (code !== 0 || began === undefined || ended === undefined) throw new Error(`floor on ${node}: ${stderr}${stdout}`);
  return ended - began;
}

/** The cache's own compressed members, cut to the number of bytes that travelled: as hard to compress as those. */
function sendByOpenSsh({ lab, bytes, cacheDir }: FloorOptions, node: string): Promise<number> {
  const config = lab.env().K8S_DISKLESS_SSH_CONFIG ?? '';
  const files = readdirSync(cacheDir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(cacheDir, name))
    .filter((path) => path.endsWith('.zst') && statSync(path).isFile());
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const ssh = spawn('ssh', ['-F', config, node, 'cat >/dev/null'], { stdio: ['pipe', 'inherit', 'inherit'] });
    ssh.on('error', reject);
    ssh.on('close', (code) =>
      code === 0 ? resolve((performance.now() - began) / 1000) : reject(new Error(`ssh ended with ${code}`)),
    );
    void feed(ssh.stdin, files, bytes).catch(reject);
  });
}

async function feed(target: NodeJS.WritableStream, files: readonly string[], bytes: number): Promise<void> {
  let left = bytes;
  while (left > 0) {
    const before = left;
    for (const file of files) {
      if (left <= 0) break;
      for await (const chunk of createReadStream(file, { end: left - 1, highWaterMark: 256 * 1024 })) {
        left -= (chunk as Buffer).length;
        if (!target.write(chunk)) await new Promise((resolve) => target.once('drain', resolve));
      }
    }
    if (left === before) throw new Error('the cache holds nothing compressed');
  }
  target.end();
}
