import { join } from 'node:path';
import { openApt } from './apt.js';
import { fileInputs, type Product } from './product.js';
import { runCommand } from './run-command.js';

const SUITE = 'bookworm';
const RECIPES = join(import.meta.dirname, 'recipes');
const DEFINITION = join(import.meta.dirname, '../images/node');

/** The node's system: `usr.squashfs`, mounted read-only and shared by all nodes, and `root.tar` with all but /usr. */
export const nodeImage: Product = {
  name: 'node-image',
  inputs: async () => [
    SUITE,
    ...(await fileInputs(RECIPES, ['node-image.sh'])),
    ...(await fileInputs(DEFINITION, ['packages.txt', 'masked-units.txt', 'root'])),
  ],
  build: async ({ output, work, progress, signal }) => {
    const apt = await openApt({ directory: join(work, 'apt'), signal });
    const args = [join(RECIPES, 'node-image.sh'), DEFINITION, work, output, SUITE, apt.acquireConf];
    await runCommand({ command: 'bash', args: [...args, ...apt.sourceFiles], onLine: progress, signal });
    return { version: SUITE };
  },
};
