import { copyFile, mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { openApt } from './apt.js';
import { binaryVersion } from './debian-version.js';
import { fileInputs, type Product } from './product.js';
import { runCommand } from './run-command.js';
import { packTarball } from './tarball.js';

/** Debian 12 has 3.12, whose streams all share one thread. */
const RELEASE = 'trixie';
/** iperf3 and everything it is linked to; of each only the files that are asked for are kept. */
const PACKAGES = ['iperf3', 'libiperf0', 'libsctp1', 'libssl3t64', 'libzstd1', 'zlib1g', 'libc6', 'libgcc-s1'];
const LIBRARIES = 'usr/lib/x86_64-linux-gnu';
/** What no listing shows: libc loads it when a thread of a stream is cancelled (pthread_cancel(3)). */
const LOADED_LATER = `${LIBRARIES}/libgcc_s.so.1`;
/** Where a program of this architecture looks for its dynamic loader (System V ABI). */
const LOADER = 'lib64/ld-linux-x86-64.so.2';

/** iperf3 with its dynamic loader and libraries, as the root of a file system: `iperf3_x64.tar.gz`. */
export const iperf3: Product = {
  name: 'iperf3',
  inputs: () => fileInputs(import.meta.dirname, ['iperf3.ts', 'tarball.ts']),
  build: async ({ output, work, progress, signal }) => {
    progress(`fetching the packages of ${RELEASE}`);
    const apt = await openApt({ directory: join(work, 'apt'), release: RELEASE, signal });
    const [debs, unpacked, root] = [join(work, 'debs'), join(work, 'unpacked'), join(work, 'root')];
    await mkdir(debs);
    const files = await apt.download(PACKAGES, debs);
    for (const deb of files) await runCommand({ command: 'dpkg-deb', args: ['--extract', deb, unpacked], signal });
    const loader = join(unpacked, LIBRARIES, 'ld-linux-x86-64.so.2');
    const program = join(unpacked, 'usr/bin/iperf3');
    const listing = await runCommand({
      command: loader,
      args: ['--library-path', join(unpacked, LIBRARIES), '--list', program],
      signal,
    });
    const libraries = [...listing.matchAll(/=> (\S+)/g)].map(([, path = '']) => path).filter((path) => path !== loader);
    await place(join(unpacked, LOADED_LATER), join(root, LOADED_LATER));
    await place(program, join(root, 'usr/bin/iperf3'));
    await place(loader, join(root, LOADER));
    for (const path of libraries) await place(path, join(root, LIBRARIES, basename(path)));
    await packTarball({ file: join(output, 'iperf3_x64.tar.gz'), directory: root, entries: ['lib64', 'usr'] });
    const deb = files.find((path) => basename(path).startsWith('iperf3_')) ?? '';
    return { version: binaryVersion(basename(deb)) };
  },
};

async function place(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
}
