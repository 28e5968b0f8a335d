import { mkdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openApt } from './apt.js';
import { binaryVersion } from './debian-version.js';
import { fileInputs, type Product } from './product.js';
import { runCommand } from './run-command.js';

const RELEASE = 'trixie';

/**
 * `ignition`, which an initrd runs, and `ignition-validate`, out of Debian 13: Debian 12 has no such package. They need
 * no more than libc and libblkid, so they run here too; nothing is installed.
 */
export const ignition: Product = {
  name: 'ignition',
  inputs: () => fileInputs(import.meta.dirname, ['ignition.ts']),
  build: async ({ output, work, progress, signal }) => {
    progress(`fetching the package of ${RELEASE}`);
    const apt = await openApt({ directory: join(work, 'apt'), release: RELEASE, signal });
    const debs = join(work, 'debs');
    await mkdir(debs);
    const [deb = ''] = await apt.download(['ignition'], debs);
    const unpacked = join(work, 'unpacked');
    await runCommand({ command: 'dpkg-deb', args: ['--extract', deb, unpacked], signal });
    await rename(join(unpacked, 'usr/bin/ignition-validate'), join(output, 'ignition-validate'));
    await rename(join(unpacked, 'usr/lib/dracut/modules.d/30ignition/ignition'), join(output, 'ignition'));
    return { version: binaryVersion(basename(deb)) };
  },
};
