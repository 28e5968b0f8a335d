import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { runCommand } from './run-command.js';

/** A .tar.gz that is the same whenever its content is. */
export async function packTarball(tarball: {
  file: string;
  directory: string;
  entries: readonly string[];
}): Promise<void> {
  await mkdir(dirname(tarball.file), { recursive: true });
  const reproducible = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
  const args = ['--create', '--gzip', `--file=${tarball.file}`, `--directory=${tarball.directory}`, ...reproducible];
  await runCommand({ command: 'tar', args: [...args, ...tarball.entries] });
}
