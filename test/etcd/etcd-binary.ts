import { mkdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openApt } from '../../lab/build/apt.js';
import { binaryVersion } from '../../lab/build/debian-version.js';
import { labCacheRoot } from '../../lab/build/lab-cache.js';
import { fileInputs, materialize, type Product } from '../../lab/build/product.js';
import { runCommand } from '../../lab/build/run-command.js';

/** Debian's etcd alone, so that these tests need not wait until the lab has built Kubernetes. */
const etcdServer: Product = {
  name: 'etcd-server',
  inputs: () => fileInputs(import.meta.dirname, ['etcd-binary.ts']),
  build: async ({ output, work, progress, signal }) => {
    progress('fetching the package');
    const apt = await openApt({ directory: join(work, 'apt'), signal });
    const debs = join(work, 'debs');
    await mkdir(debs);
    const [deb = ''] = await apt.download(['etcd-server'], debs);
    await runCommand({ command: 'dpkg-deb', args: ['--extract', deb, join(work, 'unpacked')], signal });
    await rename(join(work, 'unpacked/usr/bin/etcd'), join(output, 'etcd'));
    return { version: binaryVersion(basename(deb)) };
  },
};

/** Path of a real etcd, fetched once into a corner of the lab's cache that does not wait for the lab's own builds. */
export async function etcdBinary(): Promise<string> {
  const root = join(labCacheRoot(), 'unit-tests');
  const directory = await materialize(etcdServer, { root, progress: (line) => console.info(line) });
  return join(directory, 'etcd');
}
