import { execFileSync, spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../../lab/nodes/lab.js';
import { pauseImage, type VersionRow } from '../../../src/config/version-table.js';
import { initConfig, joinConfig } from './config.js';

/** kubeadm on the same nodes with the same binaries: one control plane, two workers that join at once. Seconds. */
export interface KubeadmRun {
  /** Files to all nodes at once, and their images imported. */
  files: number;
  /** `kubeadm init` without add-ons. */
  init: number;
  /** Both `kubeadm join`. */
  join: number;
  /** From there until all nodes are Ready. */
  ready: number;
  total: number;
}

export interface KubeadmOptions {
  lab: Lab;
  /** The first is the control plane. */
  nodes: readonly string[];
  row: VersionRow;
  /** What `packKit` has made. */
  kit: Kit;
}

export interface Kit {
  /** Everything a control plane, or a worker, is sent: a tar, compressed as `up` compresses. */
  controlPlane: string;
  worker: string;
  kubectl: string;
  remove: () => Promise<void>;
}

const SCRIPTS = ['node.bash', 'kubeadm.bash'];
const CONTROL_PLANE_ONLY = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd', 'coredns'];
const READY_TIMEOUT = 180_000;

/** Laid out and compressed once, before any clock runs. `kit` is the directory of that product of the lab. */
export async function packKit(parts: {
  kit: string;
  artifacts: string;
  images: string;
  row: VersionRow;
}): Promise<Kit> {
  const { kit, artifacts, images, row } = parts;
  const work = await mkdtemp(join(tmpdir(), 'kubeadm-kit-'));
  const root = join(work, 'root');
  const binaries = join(artifacts, 'kubernetes', `v${row.kubernetes}`, 'bin/linux/amd64');
  for (const folder of ['opt/bin', 'opt/cni/bin', 'opt/kit']) await mkdir(join(root, folder), { recursive: true });
  await cp(join(kit, 'kubeadm'), join(root, 'opt/bin/kubeadm'));
  await cp(join(binaries, 'kubelet'), join(root, 'opt/bin/kubelet'));
  for (const script of SCRIPTS) await cp(join(import.meta.dirname, script), join(root, 'opt/kit', script));
  const plugins = join(artifacts, 'cni', `v${row.cni}`, `cni-plugins-linux-amd64-v${row.cni}.tgz`);
  execFileSync('tar', ['-xzf', plugins, '-C', join(root, 'opt/cni/bin')]);
  for (const name of CONTROL_PLANE_ONLY) {
    await cp(join(name === 'coredns' ? images : kit, `${name}.tar`), join(root, 'opt/kit', `${name}.tar`));
  }
  await cp(join(images, 'pause.tar'), join(root, 'opt/kit/pause.tar'));
  const pack = (file: string, without: readonly string[]): string => {
    const exclude = without.map((name) => `--exclude=./opt/kit/${name}.tar`);
    execFileSync('tar', ['--zstd', '-cf', join(work, file), ...exclude, '-C', root, '.']);
    return join(work, file);
  };
  return {
    controlPlane: pack('control-plane.tar.zst', ['coredns']),
    worker: pack('worker.tar.zst', CONTROL_PLANE_ONLY),
    kubectl: join(binaries, 'kubectl'),
    remove: () => rm(work, { recursive: true }),
  };
}

/** On blank nodes; leaves a cluster behind: reboot the nodes after it. */
export async function kubeadmRun({ lab, nodes, row, kit }: KubeadmOptions): Promise<KubeadmRun> {
  const [first = '', ...workers] = nodes;
  const began = performance.now();
  const marks: number[] = [];
  const mark = () => marks.push((performance.now() - began) / 1000);
  await Promise.all(
    nodes.map((node, index) => prepare({ lab, node, index, row, kit: index === 0 ? kit.controlPlane : kit.worker })),
  );
  mark();
  const addresses = { kubernetes: row.kubernetes, etcd: row.etcd, controlPlane: address(lab, first) };
  await kubeadm(lab, first, ['init', '--skip-phases=addon'], initConfig({ ...addresses, nodeIp: address(lab, first) }));
  mark();
  await Promise.all(
    workers.map((node) => kubeadm(lab, node, ['join'], joinConfig({ ...addresses, nodeIp: address(lab, node) }))),
  );
  mark();
  await allReady({ lab, first, count: nodes.length, kubectl: kit.kubectl });
  mark();
  const [files = 0, init = 0, join_ = 0, total = 0] = marks;
  return { files, init: init - files, join: join_ - init, ready: total - join_, total };
}

const address = (lab: Lab, node: string): string => lab.node(node).nics[0]?.address ?? '';

interface PrepareOptions extends Pick<KubeadmOptions, 'lab' | 'row'> {
  node: string;
  index: number;
  kit: string;
}

async function prepare({ lab, node, index, row, kit }: PrepareOptions): Promise<void> {
  const ssh = spawn('ssh', ['-F', lab.env().K8S_DISKLESS_SSH_CONFIG ?? '', node, 'sudo tar --zstd -x -C /'], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve, reject) => ssh.on('error', reject).on('close', resolve));
  await pipeline(createReadStream(kit), ssh.stdin);
  if ((await ended) !== 0) throw new Error(`${node}: the kit did not arrive`);
  await inside(lab, node, ['bash', '/opt/kit/node.bash', `10.244.${index}.0/24`, pauseImage(row)]);
}

async function kubeadm(lab: Lab, node: string, command: readonly string[], config: string): Promise<void> {
  await inside(lab, node, ['bash', '/opt/kit/kubeadm.bash', ...command], config);
}

async function inside(lab: Lab, node: string, argv: readonly string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await lab.exec(node, argv, { input });
  if (code !== 0) throw new Error(`${node}: ${argv.slice(0, 2).join(' ')} ended with ${code}\n${stdout}${stderr}`);
  return stdout;
}

async function allReady(wanted: { lab: Lab; first: string; count: number; kubectl: string }): Promise<void> {
  const { lab, first, count, kubectl } = wanted;
  const directory = await mkdtemp(join(tmpdir(), 'kubeadm-'));
  try {
    const kubeconfig = join(directory, 'admin.conf');
    await writeFile(kubeconfig, await inside(lab, first, ['cat', '/etc/kubernetes/admin.conf']), { mode: 0o600 });
    const deadline = performance.now() + READY_TIMEOUT;
    const path = '{range .items[*]}{.status.conditions[?(@.type=="Ready")].status} {end}';
    for (;;) {
      const said = execFileSync(kubectl, ['--kubeconfig', kubeconfig, 'get', 'nodes', '-o', `jsonpath=${path}`], {
        encoding: 'utf8',
      });
      if ((said.match(/True/g) ?? []).length === count) return;
      if (performance.now() > deadline) throw new Error(`nodes are not Ready: ${said}`);
      await sleep(50);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
}
