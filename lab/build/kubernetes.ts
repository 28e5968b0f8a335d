import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openApt } from './apt.js';
import { sourceVersion, upstreamVersion } from './debian-version.js';
import { goVersion } from './go.js';
import { fileInputs, type Product } from './product.js';
import { runCommand } from './run-command.js';

const RECIPES = join(import.meta.dirname, 'recipes');

/** Kubernetes' binaries, flat, built from Debian's source package. Its version is that of the source package. */
export const kubernetes: Product = {
  name: 'kubernetes',
  inputs: async () => [await goVersion(), ...(await fileInputs(RECIPES, ['kubernetes.sh']))],
  build: async ({ output, work, progress, signal }) => {
    progress('building Kubernetes from source; this happens once and takes 6-10 minutes on two cores');
    const source = join(work, 'source');
    await mkdir(source);
    const apt = await openApt({ directory: join(work, 'apt'), signal });
    await apt.source('kubernetes', source);
    const version = sourceVersion(await readdir(source));
    progress(`downloaded source package ${version}`);
    const args = [join(RECIPES, 'kubernetes.sh'), source, join(work, 'build'), output, `v${upstreamVersion(version)}`];
    await runCommand({ command: 'bash', args, onLine: progress, signal });
    return { version };
  },
};
