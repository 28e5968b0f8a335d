import { copyFile, mkdir, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pauseImage, VERSION_TABLE } from '../../src/config/version-table.js';
import { openApt } from './apt.js';
import { goEnvironment } from './go-toolchain.js';
import { writeImageArchive } from './image-archive.js';
import { type BuildContext, builtVersion, fileInputs, type Product } from './product.js';
import { runCommand } from './run-command.js';

interface ImageDefinition {
  references: readonly string[];
  /** Where the program is in the image; it is also the entry point. */
  path: string;
  /** Whether busybox and its applets are beside it. */
  busybox: boolean;
}

const SOURCES = join(import.meta.dirname, '../images');
/** Of our own, in the place of upstream's C program; under all the names that a version of the table asks for. */
const PAUSE = [...new Set(VERSION_TABLE.map(pauseImage))];
const ECHO = ['k8s-diskless.test/echo:1'];

/** Programs whose source is below lab/images. */
const OWN: Readonly<Record<string, ImageDefinition>> = {
  pause: { references: PAUSE, path: '/pause', busybox: false },
  echo: { references: ECHO, path: '/bin/echo-server', busybox: true },
};

/** Archives of the images that workloads of the lab need, one file each. `coredns` is the directory of that product. */
export function containerImages({ coredns }: { coredns: string }): Product {
  return {
    name: 'container-images',
    inputs: async () => [
      basename(coredns),
      JSON.stringify(OWN),
      ...(await fileInputs(import.meta.dirname, ['container-images.ts', 'image-archive.ts'])),
      ...(await fileInputs(SOURCES, Object.keys(OWN))),
    ],
    build: async (context) => {
      const busybox = await fetchBusybox(context);
      for (const [name, image] of Object.entries(OWN)) {
        const root = join(context.work, name);
        await buildProgram(context, { program: name, into: join(root, image.path) });
        if (image.busybox) await installBusybox(busybox, join(root, 'bin'));
        await pack(context, { name, root, ...image });
      }
      await packCoreDns(context, coredns);
      return { version: `coredns-${builtVersion(coredns)}` };
    },
  };
}

/** The image of the cluster DNS as upstream calls it. */
export function coreDnsReference(coredns: string): string {
  return `registry.k8s.io/coredns/coredns:v${builtVersion(coredns)}`;
}

async function packCoreDns(context: BuildContext, coredns: string): Promise<void> {
  const root = join(context.work, 'coredns');
  await mkdir(root);
  await copyFile(join(coredns, 'coredns'), join(root, 'coredns'));
  await pack(context, { name: 'coredns', root, references: [coreDnsReference(coredns)], path: '/coredns' });
}

interface PackOptions extends Pick<ImageDefinition, 'references' | 'path'> {
  name: string;
  root: string;
}

async function pack(context: BuildContext, { name, root, references, path }: PackOptions): Promise<void> {
  context.progress(`packing ${references.join(', ')}`);
  const image = { references, layers: [root], entrypoint: [path] };
  await writeImageArchive({ file: join(context.output, `${name}.tar`), images: [image] });
}

async function buildProgram(context: BuildContext, { program, into }: { program: string; into: string }) {
  const args = ['build', '-trimpath', '-ldflags', '-s -w', '-o', into, '.'];
  const env = await goEnvironment(context);
  await runCommand({ command: 'go', args, cwd: join(SOURCES, program), env, signal: context.signal });
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
