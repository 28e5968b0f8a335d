import { mkdir, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { openApt } from './apt.js';
import { binaryVersion } from './debian-version.js';
import { fileInputs, type Product } from './product.js';
import { runCommand } from './run-command.js';

const RECIPES = join(import.meta.dirname, 'recipes');
const DEFINITION = join(import.meta.dirname, '../images/boot');
/** Its only content is the name of the newest kernel's package. */
const KERNEL = /^linux-image-cloud-amd64_/;

export interface BootImageParts {
  /** All of the node's system but /usr. */
  rootTar: string;
  /** Layers of its /usr, from the lowest. */
  layers: readonly string[];
  /** The program an initrd runs. */
  ignition: string;
}

/** What lab machines boot over the network: `vmlinuz` and `initrd`, the node's system with a kernel of its own. */
export function bootImage({ rootTar, layers, ignition }: BootImageParts): Product {
  return {
    name: 'boot-image',
    inputs: async () => [
      ...[rootTar, ...layers, ignition].map((path) => basename(dirname(path))),
      ...(await fileInputs(RECIPES, ['boot-image.sh'])),
      ...(await fileInputs(DEFINITION, ['.'])),
    ],
    build: async ({ output, work, progress, signal }) => {
      progress('fetching a kernel');
      const apt = await openApt({ directory: join(work, 'apt'), signal });
      const [names, debs] = [join(work, 'names'), join(work, 'debs')];
      await mkdir(names);
      await mkdir(debs);
      const packages = (await readFile(join(DEFINITION, 'packages.txt'), 'utf8')).split('\n').filter(Boolean);
      await apt.download(await withKernel(packages, apt.download, names), debs);
      const args = [join(RECIPES, 'boot-image.sh'), DEFINITION, rootTar, ignition, debs, work, output, ...layers];
      await runCommand({ command: 'bash', args, onLine: progress, signal });
      const [kernel = ''] = (await readdir(debs)).filter((name) => name.startsWith('linux-image-'));
      return { version: binaryVersion(kernel) };
    },
  };
}

/** The packages with the kernel's own in place of the one that only names it. */
async function withKernel(
  packages: readonly string[],
  download: (packages: readonly string[], into: string) => Promise<string[]>,
  into: string,
): Promise<string[]> {
  const isKernel = (name: string) => KERNEL.test(`${name}_`);
  const [meta = ''] = await download(packages.filter(isKernel), into);
  const depends = await runCommand({ command: 'dpkg-deb', args: ['--field', meta, 'Depends'] });
  const [named = ''] = /linux-image-[0-9][^ ,]*/.exec(depends) ?? [];
  return [...packages.filter((name) => !isKernel(name)), named];
}
