import { dirname, join } from 'node:path';
import { usageError } from '../../src/errors.js';
import { artifacts } from './artifacts.js';
import { bootImage } from './boot-image.js';
import { containerImages } from './container-images.js';
import { ignition } from './ignition.js';
import { iperf3 } from './iperf3.js';
import { kubernetes } from './kubernetes.js';
import { labCacheRoot } from './lab-cache.js';
import { nodeImage } from './node-image.js';
import { materialize, type Product } from './product.js';

/** Where the lab's products are. Everything is read-only to its users. */
export interface LabBuild {
  /** Kubernetes, etcd, CNI plugins and iperf3 in the layout of upstream's release servers. */
  artifacts: string;
  /** Directory of image archives `*.tar`, which `ctr -n k8s.io images import` loads. */
  images: string;
  /** zstd squashfs of the node's /usr, mounted read-only and shared by all nodes. */
  usrSquashfs: string;
  /** tar of everything else of the node, a few MB. */
  rootTar: string;
}

/** What machines that boot over the network need beside it. */
export interface MachineBuild extends LabBuild {
  kernel: string;
  initrd: string;
}

export interface EnsureBuiltOptions {
  progress: (line: string) => void;
  signal?: AbortSignal | undefined;
  /** Names of products to build anew although they are there. */
  rebuild?: readonly string[];
  /** Default: the lab's cache. */
  root?: string;
}

/** In the order they are built. */
const PRODUCT_NAMES = ['node-image', 'container-images', 'kubernetes', 'iperf3', 'artifacts', 'ignition', 'boot-image'];

/** Builds what is missing of the lab and says where everything is; takes a fraction of a second when all is there. */
export async function ensureBuilt(options: EnsureBuiltOptions): Promise<LabBuild> {
  const make = maker(options);
  const node = await make(nodeImage);
  const images = await make(containerImages);
  const products = { kubernetes: await make(kubernetes), iperf3: await make(iperf3) };
  return {
    artifacts: await make(artifacts(products)),
    images,
    usrSquashfs: join(node, 'usr.squashfs'),
    rootTar: join(node, 'root.tar'),
  };
}

/** The same, and the kernel and initrd of machines: most uses of the lab have none. */
export async function ensureMachinesBuilt(options: EnsureBuiltOptions): Promise<MachineBuild> {
  const build = await ensureBuilt(options);
  const make = maker(options);
  const program = join(await make(ignition), 'ignition');
  const boot = await make(bootImage({ nodeImage: dirname(build.rootTar), ignition: program }));
  return { ...build, kernel: join(boot, 'vmlinuz'), initrd: join(boot, 'initrd') };
}

function maker({ progress, signal, rebuild = [], root = labCacheRoot() }: EnsureBuiltOptions) {
  checkNames(rebuild);
  return (product: Product): Promise<string> =>
    materialize(product, { root, progress, signal, rebuild: rebuild.includes(product.name) });
}

function checkNames(names: readonly string[]): void {
  const unknown = names.find((name) => !PRODUCT_NAMES.includes(name));
  if (unknown === undefined) return;
  throw usageError({
    code: 'lab-unknown-product',
    message: `the lab has no product named ${unknown}`,
    hint: `products: ${PRODUCT_NAMES.join(', ')}`,
  });
}
