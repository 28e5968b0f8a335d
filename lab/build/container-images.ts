import { copyFile, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { openApt } from './apt.js';
import { goEnvironment, goVersion } from './go.js';
import { writeImageArchive } from './image-archive.js';
import { type BuildContext, fileInputs, type Product } from './product.js';
import { runCommand } from './run-command.js';

interface ImageDefinition {
  reference: string;
  /** Directory of the Go program below lab/images. */
  program: string;
  /** Where the program is in the image; it is also the entry point. */
  path: string;
  /** Whether busybox and its applets are beside it. */
  busybox: boolean;
}

const IMAGES: readonly ImageDefinition[] = [
  { reference: 'registry.k8s.io/pause:3.6', program: 'pause', path: '/pause', busybox: false },
  { reference: 'k8s-diskless.test/echo:1', program: 'echo', path: '/bin/echo-server', busybox: true },
  { reference: 'k8s-diskless.test/dns:1', program: 'dns', path: '/dns', busybox: false },
];

const SOURCES = join(import.meta.dirname, '../images');

/** Archives of all container images the lab has, one file each, `NAME-TAG.tar`. */
export const containerImages: Product = {
  name: 'container-images',
  inputs: async () => [
    await goVersion(),
    ...(await fileInputs(import.meta.dirname, ['container-images.ts', 'image-archive.ts'])),
    ...(await fileInputs(
      SOURCES,
      IMAGES.map(({ program }) => program),
    )),
  ],
  build: async (context) => {
    const busybox = await fetchBusybox(context);
    for (const image of IMAGES) {
      context.progress(`building ${image.reference}`);
      const root = join(context.work, image.program);
      await buildProgram({ signal: context.signal, program: image.program, into: join(root, image.path) });
      if (image.busybox) await installBusybox(busybox, join(root, 'bin'));
      const name = image.reference.replace(/^.*\//, '').replace(':', '-');
      const file = join(context.output, `${name}.tar`);
      await writeImageArchive({ file, root, reference: image.reference, entrypoint: [image.path] });
    }
    return { version: await goVersion() };
  },
};

type ProgramOptions = Pick<BuildContext, 'signal'> & { program: string; into: string };

async function buildProgram({ signal, program, into }: ProgramOptions): Promise<void> {
  const args = ['build', '-ldflags', '-s -w', '-o', into, '.'];
  await runCommand({ command: 'go', args, cwd: join(SOURCES, program), env: goEnvironment(), signal });
}

async function fetchBusybox({ work, signal }: BuildContext): Promise<string> {
  const apt = await openApt({ directory: join(work, 'apt'), signal });
  const [debs, unpacked] = [join(work, 'debs'), join(work, 'unpacked')];
  await mkdir(debs);
  for (const deb of await apt.download(['busybox-static'], debs)) {
    await runCommand({ command: 'dpkg-deb', args: ['--extract', deb, unpacked], signal });
  }
  return join(unpacked, 'bin/busybox');
}

async function installBusybox(busybox: string, directory: string): Promise<void> {
  await copyFile(busybox, join(directory, 'busybox'));
  const applets = (await runCommand({ command: busybox, args: ['--list'] })).split('\n');
  for (const applet of applets.filter((name) => name !== 'busybox')) await symlink('busybox', join(directory, applet));
}
