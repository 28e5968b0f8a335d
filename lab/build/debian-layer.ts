import { join } from 'node:path';
import { openApt } from './apt.js';
import { fileInputs, type Product } from './product.js';
import { runCommand } from './run-command.js';

const SUITE = 'bookworm';
const RECIPES = join(import.meta.dirname, 'recipes');
const DEFINITION = join(import.meta.dirname, '../images/conformance');

/** `layer.tar`: what all images of the conformance tests stand on. */
export const conformanceLayer: Product = {
  name: 'conformance-layer',
  inputs: async () => [
    SUITE,
    ...(await fileInputs(RECIPES, ['debian-layer.sh'])),
    ...(await fileInputs(DEFINITION, ['packages.txt'])),
  ],
  build: async ({ output, work, progress, signal }) => {
    const apt = await openApt({ directory: join(work, 'apt'), signal });
    const [recipe, packages, layer] = [
      join(RECIPES, 'debian-layer.sh'),
      join(DEFINITION, 'packages.txt'),
      join(output, 'layer.tar'),
    ];
    const args = [recipe, packages, work, layer, SUITE, apt.acquireConf, ...apt.sourceFiles];
    await runCommand({ command: 'bash', args, onLine: progress, signal });
    return { version: SUITE };
  },
};
