import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { usageError } from '../../src/errors.js';
import { shellQuote } from '../../src/ssh/quote.js';
import type { LabBuild } from '../build/ensure-built.js';
import { runCommand } from '../build/run-command.js';
import { generationOf } from '../generations.js';
import { disturbScript } from './disturbance.js';
import { cgroupOf, type LabPaths, labPrefix, namespaceOf } from './naming.js';
import type { LabPlan, NodePlan } from './plan.js';
import { cutScript, plugScript, unplugScript } from './plumbing.js';
import type { Disturbance, NodeTraits } from './traits.js';

/** Run on this machine, as copies: a shell reads its script as it goes, and the repository may change meanwhile. */
const SCRIPTS = ['launcher.sh', 'process.sh', 'boot.sh'];
/** Owner of everything below /home/core, as in the image. */
const CORE = '1000:1000';

export interface NodeFilesOptions {
  lab: LabPlan;
  node: NodePlan;
  paths: LabPaths;
  build: LabBuild;
  /** Public key line for core. */
  authorizedKey: string;
}

/** Fills the node's directory with all its launcher needs; that is read again at each boot. */
export async function writeNodeFiles(options: NodeFilesOptions): Promise<void> {
  const { lab, node, paths } = options;
  const directory = paths.node(node.name).root;
  const { traits } = node;
  await mkdir(join(directory, 'root'), { recursive: true });
  for (const script of SCRIPTS) await copyFile(join(import.meta.dirname, script), join(directory, script));
  await writeFile(join(directory, 'boot.env'), bootEnvironment(options));
  await writeFile(join(directory, 'plug.sh'), plugScript(lab, node));
  await writeFile(join(directory, 'unplug.sh'), unplugScript(lab, node));
  await writeFile(join(directory, 'cut.sh'), cutScript(lab, node));
  await writeFile(join(directory, 'prepare.sh'), [`chown -R ${CORE} home/core`, ...traits.prepare, ''].join('\n'));
  await writeOverlay(join(directory, 'files'), traits, options.authorizedKey);
  if (traits.hiddenPrograms.length > 0) await writeWhiteouts(join(directory, 'hidden'), traits.hiddenPrograms);
  await writeDisturbance({ lab, node, paths, disturbance: traits.disturbance });
}

/** Puts a disturbance into force at the next boot. */
export async function writeDisturbance(options: {
  lab: LabPlan;
  node: NodePlan;
  paths: LabPaths;
  disturbance: Disturbance;
}): Promise<void> {
  const { lab, node, paths, disturbance } = options;
  const { root, disturbance: record } = paths.node(node.name);
  await writeFile(join(root, 'disturb.sh'), disturbScript(lab, node, disturbance));
  await writeFile(record, JSON.stringify(disturbance));
}

function bootEnvironment({ lab, node, paths, build }: NodeFilesOptions): string {
  const variables: Record<string, string> = {
    MACHINE: `${labPrefix(lab.name)}${node.name}`,
    HOST_NAME: node.traits.hostName,
    NETNS: namespaceOf(lab.name, node.name),
    CGROUP: cgroupOf(lab.name, node.name),
    ROOT_SIZE: node.traits.rootSize,
    ROOT_TAR: build.rootTar,
    USR: usrOf(node, paths, build),
  };
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${shellQuote(value)}\n`)
    .join('');
}

/** As overlayfs has it: the topmost layer first. */
function usrOf({ name, traits }: NodePlan, paths: LabPaths, { generation, systems }: LabBuild): string {
  const system = traits.system ?? generationOf(generation).system;
  const layers = systems[system];
  if (layers !== undefined)
    return layers
      .map((layer) => paths.usrLayer(layer))
      .reverse()
      .join(':');
  throw usageError({
    code: 'lab-system-missing',
    message: `${name} shall have the ${system} system, which this lab was started without`,
    hint: 'take the lab down, and name such a node in its first `up`',
  });
}

/** With documentation addresses (RFC 5737): nobody answers there, and nothing would route to them. */
function resolvConf(count: number): string {
  return Array.from({ length: count }, (_, n) => `nameserver 192.0.2.${n + 1}\n`).join('');
}

async function writeOverlay(directory: string, traits: NodeTraits, authorizedKey: string): Promise<void> {
  const files = [
    { path: '/etc/hostname', content: `${traits.hostName}\n` },
    { path: '/home/core/.ssh/authorized_keys', content: authorizedKey, mode: 0o600 },
    { path: '/etc/resolv.conf', content: resolvConf(traits.nameservers) },
    ...traits.files,
  ];
  for (const { path, content, mode = 0o644 } of files) {
    const target = join(directory, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content, { mode });
  }
}

/** overlayfs reads a character device 0/0 as "this name is deleted". */
async function writeWhiteouts(directory: string, programs: readonly string[]): Promise<void> {
  for (const folder of ['bin', 'sbin']) {
    await mkdir(join(directory, folder), { recursive: true });
    for (const program of new Set(programs)) {
      await runCommand({ command: 'mknod', args: [join(directory, folder, program), 'c', '0', '0'] });
    }
  }
}
