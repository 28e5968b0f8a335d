import { chmod, copyFile, link, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { checkDefined, definitions, type ImageDefinition, type TopLayer } from './conformance-images.js';
import { moduleSources } from './go-product.js';
import { kubernetesTests } from './go-software.js';
import { type Image, writeImageArchive } from './image-archive.js';
import { parseImageManifest } from './image-manifest.js';
import { type BuildContext, builtVersion, fileInputs, type Product } from './product.js';

export interface ConformanceParts {
  /** Such as `1.37`. */
  minor: string;
  /** Directories of the products. */
  tests: string;
  etcd: string;
  coredns: string;
  /** Of the layer that all images stand on. */
  layer: string;
  /** Archives of the lab's own images, without which there is no cluster. */
  images: string;
}

/** Image archives for `up --images`: what Kubernetes' conformance tests ask for, under its names, and the lab's own. */
export function conformanceKit(parts: ConformanceParts): Product {
  const { minor, ...products } = parts;
  const kubernetes = builtVersion(parts.tests);
  return {
    name: `conformance-images-${minor}`,
    inputs: async () => [
      ...Object.values(products).map((path) => basename(path)),
      ...(await fileInputs(import.meta.dirname, [
        ...['conformance-kit.ts', 'conformance-images.ts'],
        ...['image-archive.ts', 'image-manifest.ts'],
      ])),
      ...(await fileInputs(join(import.meta.dirname, '../images/conformance'), ['.'])),
    ],
    build: async (context) => {
      const { output, work, progress } = context;
      const sources = await moduleSources(kubernetesTests(minor), context);
      const names = parseImageManifest(await readFile(join(sources, 'test/utils/image/manifest.go'), 'utf8'));
      const defined = definitions({ ...parts, sources });
      checkDefined(names.keys(), defined);
      progress('packing images');
      const base = join(parts.layer, 'layer.tar');
      const layers = layerMaker(work);
      const images: Image[] = [];
      for (const [id, { layers: above, entrypoint = [], ...rest }] of Object.entries(defined)) {
        const reference = names.get(id);
        if (reference === undefined) continue;
        const paths = [base, ...(await layers(above))];
        images.push({ references: [reference], layers: paths, entrypoint, ...rest });
      }
      await writeImageArchive({ file: join(output, 'conformance.tar'), images });
      for (const name of await readdir(parts.images)) await link(join(parts.images, name), join(output, name));
      return { version: kubernetes };
    },
  };
}

/** Directories of layers, one for each: those that images share are the same directory. */
function layerMaker(work: BuildContext['work']): (layers: ImageDefinition['layers']) => Promise<string[]> {
  const made = new Map<TopLayer, string>();
  return async (layers) => {
    for (const layer of layers) {
      if (!made.has(layer)) made.set(layer, await makeLayer(join(work, `layer-${made.size}`), layer));
    }
    return layers.flatMap((layer) => made.get(layer) ?? []);
  };
}

async function makeLayer(directory: string, { files, links = {}, setUid }: TopLayer): Promise<string> {
  for (const [path, from] of Object.entries(files)) {
    const to = join(directory, path);
    await mkdir(dirname(to), { recursive: true });
    await copyFile(from, to);
    if (setUid) await chmod(to, 0o4755);
  }
  for (const [path, target] of Object.entries(links)) {
    const link = join(directory, path);
    await mkdir(dirname(link), { recursive: true });
    await symlink(target, link);
  }
  return directory;
}
