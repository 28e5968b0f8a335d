import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { builtVersion, fileInputs, type Product } from './product.js';
import { runCommand } from './run-command.js';

export interface RuntimeParts {
  /** Directories of the products. */
  containerd: string;
  runc: string;
}

/** `usr.squashfs`: today's containerd and runc in the places of Debian's, a layer above the node image's /usr. */
export function containerRuntime({ containerd, runc }: RuntimeParts): Product {
  return {
    name: 'container-runtime',
    inputs: async () => [
      basename(containerd),
      basename(runc),
      ...(await fileInputs(import.meta.dirname, ['container-runtime.ts'])),
    ],
    build: async ({ output, work, progress, signal }) => {
      const [usr, sbin] = [join(work, 'usr'), join(work, 'usr/sbin')];
      for (const folder of ['bin', 'sbin']) await mkdir(join(usr, folder), { recursive: true });
      for (const name of ['containerd', 'containerd-shim-runc-v2', 'ctr']) {
        await copyFile(join(containerd, name), join(usr, 'bin', name));
      }
      await copyFile(join(runc, 'runc'), join(sbin, 'runc'));
      progress('compressing containerd and runc');
      const file = join(output, 'usr.squashfs');
      const args = [usr, file, '-noappend', '-quiet', '-no-progress', '-all-root', '-comp', 'zstd', '-processors', '2'];
      await runCommand({ command: 'mksquashfs', args, signal });
      const [containerdVersion, runcVersion] = [containerd, runc].map(builtVersion);
      await writeFile(join(output, 'versions'), `containerd ${containerdVersion}\nrunc ${runcVersion}\n`);
      return { version: `containerd-${containerdVersion}_runc-${runcVersion}` };
    },
  };
}
