import { execFile } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const LAB_IMAGE = join(import.meta.dirname, '../../../lab/images/boot');
const SELINUX = 'etc/selinux/config';

/**
 * Ignition itself on an empty directory in place of a machine's root: its stage `files`, which writes files and units.
 * All it keeps goes into `scratch`. Without users in the file it needs neither a network nor chroot.
 *
 * @returns the directory that is the root
 */
export async function applyIgnition(ignition: string, config: object, scratch: string): Promise<string> {
  const [root, programs, file] = [join(scratch, 'root'), join(scratch, 'bin'), join(scratch, 'config.ign')];
  await mkdir(join(root, dirname(SELINUX)), { recursive: true });
  await mkdir(programs);
  // Debian's Ignition wants to label what it wrote for SELinux.
  await copyFile(join(LAB_IMAGE, 'root', SELINUX), join(root, SELINUX));
  await writeFile(join(programs, 'setfiles'), '#!/bin/sh\nexec cat >/dev/null\n', { mode: 0o755 });
  await writeFile(file, JSON.stringify(config));
  const kept = [
    `--config-cache=${scratch}/cache.json`,
    `--state-file=${scratch}/state`,
    `--neednet=${scratch}/neednet`,
  ];
  const env = { ...process.env, PATH: `${programs}:${process.env.PATH}`, IGNITION_CONFIG_FILE: file };
  // Files must belong to root; whoever is not root is so in a user namespace.
  const [program = ignition, ...before] = process.getuid?.() === 0 ? [] : ['unshare', '--map-root-user', ignition];
  for (const stage of ['fetch', 'files']) {
    const args = [...before, `--root=${root}`, '--platform=file', `--stage=${stage}`, '--log-to-stdout', ...kept];
    await promisify(execFile)(program, args, { env, cwd: scratch });
  }
  return root;
}
