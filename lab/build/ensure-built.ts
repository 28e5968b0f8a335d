import { join } from 'node:path';
import type { ArtifactVersions } from '../../src/artifacts/catalogue.js';
import { usageError } from '../../src/errors.js';
import { GENERATIONS, type Generation, generationOf, NEWEST_GENERATION, type SystemName } from '../generations.js';
import { ACCEPTED_FILE, acceptedFlagsProduct } from './accepted-flags.js';
import { artifacts } from './artifacts.js';
import { bootImage } from './boot-image.js';
import { buildError } from './build-error.js';
import { dropWorkplace, overLimit } from './cache-contents.js';
import { openCacheUse } from './cache-users.js';
import { conformanceKit } from './conformance-kit.js';
import { containerImages, coreDnsReference } from './container-images.js';
import { containerRuntime } from './container-runtime.js';
import { conformanceLayer } from './debian-layer.js';
import { goProduct } from './go-product.js';
import {
  cniPlugins,
  containerd,
  coredns,
  etcd,
  kubeadm,
  kubernetes,
  kubernetesTests,
  runc,
  softwareVersion,
} from './go-software.js';
import { ignition } from './ignition.js';
import { iperf3 } from './iperf3.js';
import { kubeadmKit } from './kubeadm.js';
import { COMPILED, labCacheRoot } from './lab-cache.js';
import { nodeImage } from './node-image.js';
import { builtVersion, materialize, type Product } from './product.js';
import { releasedArtifacts, releasedName } from './released.js';
import { type SoftwareSource, type SourceChoice, softwareSource } from './software-source.js';

/** Where the lab's products are. Everything is read-only to its users. */
export interface LabBuild {
  generation: string;
  /** Kubernetes, etcd, CNI plugins and iperf3 in the layout of upstream's release servers. */
  artifacts: string;
  /** Directory of image archives `*.tar`, which `ctr -n k8s.io images import` loads. */
  images: string;
  /** Reference of the image of the cluster DNS. */
  dnsImage: string;
  /** Layers of the node's /usr, from the lowest: zstd squashfs, mounted read-only and shared by all nodes. */
  systems: Partial<Record<SystemName, readonly string[]>>;
  /** tar of everything else of the node, a few MB. */
  rootTar: string;
}

/** What machines that boot over the network need beside it. */
export interface MachineBuild extends LabBuild {
  kernel: string;
  initrd: string;
}

export interface EnsureBuiltOptions extends SourceChoice {
  progress: (line: string) => void;
  signal?: AbortSignal | undefined;
  /** Name of the generation. Default: `newest`. */
  generation?: string | undefined;
  /** Systems that some nodes have beside that of the generation. */
  systems?: readonly SystemName[];
  /** Names of products to build anew although they are there. */
  rebuild?: readonly string[];
  /** Default: the lab's cache. */
  root?: string;
}

interface Maker {
  make: (product: Product) => Promise<string>;
  /** Ends the work: drops what is gigabytes for each minor and has done its duty once the programs are linked. */
  finish: () => Promise<void>;
}

/** Builds what is missing of the lab and says where everything is; takes a fraction of a second when all is there. */
export async function ensureBuilt(options: EnsureBuiltOptions): Promise<LabBuild> {
  checkNames(options.rebuild ?? []);
  const source = softwareSource(options);
  const generation = generationOf(options.generation ?? NEWEST_GENERATION);
  const { make, finish } = maker(options, generation.name);
  const node = await make(nodeImage);
  const dns = await make(goProduct(coredns));
  const served = await artifactsOf(generation, source, make);
  const wanted = new Set([generation.system, ...(options.systems ?? [])]);
  const base = join(node, 'usr.squashfs');
  const build: LabBuild = {
    generation: generation.name,
    artifacts: served,
    images: await make(containerImages({ coredns: dns })),
    dnsImage: coreDnsReference(dns),
    systems: { oldest: [base], ...(wanted.has('newest') && { newest: [base, await runtimeLayer(make)] }) },
    rootTar: join(node, 'root.tar'),
  };
  await finish();
  return build;
}

async function artifactsOf(generation: Generation, source: SoftwareSource, make: Maker['make']): Promise<string> {
  if (source.from === 'releases')
    return make(releasedArtifacts({ ...source, versions: versionsOf(generation), iperf3 }));
  const parts = {
    kubernetes: await make(goProduct(kubernetes(generation.kubernetes))),
    etcd: await make(goProduct(etcd(generation.etcd))),
    cni: await make(goProduct(cniPlugins)),
    iperf3: await make(iperf3),
  };
  return make(artifacts(parts));
}

function versionsOf(generation: Generation): ArtifactVersions {
  return {
    kubernetes: softwareVersion(kubernetes(generation.kubernetes)),
    etcd: softwareVersion(etcd(generation.etcd)),
    cni: softwareVersion(cniPlugins),
  };
}

async function runtimeLayer(make: Maker['make']): Promise<string> {
  const parts = { containerd: await make(goProduct(containerd)), runc: await make(goProduct(runc)) };
  return join(await make(containerRuntime(parts)), 'usr.squashfs');
}

/** The same, and the kernel and initrd of machines: most uses of the lab have none. */
export async function ensureMachinesBuilt(options: EnsureBuiltOptions): Promise<MachineBuild> {
  const build = await ensureBuilt(options);
  const { make, finish } = maker(options, build.generation);
  const program = join(await make(ignition), 'ignition');
  const { system } = generationOf(build.generation);
  const layers = build.systems[system] ?? [];
  const boot = await make(bootImage({ rootTar: build.rootTar, layers, ignition: program }));
  await finish();
  return { ...build, kernel: join(boot, 'vmlinuz'), initrd: join(boot, 'initrd') };
}

/** Directory with kubeadm and images of the control plane, of the newest generation: only a benchmark needs it. */
export async function ensureKubeadmBuilt(options: EnsureBuiltOptions): Promise<string> {
  const generation = generationOf(NEWEST_GENERATION);
  const { make, finish } = maker(options, 'kubeadm');
  const kit = kubeadmKit({
    kubeadm: await make(goProduct(kubeadm(generation.kubernetes))),
    kubernetes: await make(goProduct(kubernetes(generation.kubernetes))),
    etcd: await make(goProduct(etcd(generation.etcd))),
  });
  const directory = await make(kit);
  await finish();
  return directory;
}

/** File of the flags and feature gates that the Kubernetes of a generation accepts: only a new one needs it. */
export async function ensureAcceptedFlagsBuilt(options: EnsureBuiltOptions): Promise<string> {
  checkNames(options.rebuild ?? []);
  const { name, kubernetes: minor } = generationOf(options.generation ?? NEWEST_GENERATION);
  const { make, finish } = maker(options, name);
  // Before programs that are linked of the same.
  await make(goProduct(kubernetes(minor)));
  const directory = await make(acceptedFlagsProduct(minor));
  await finish();
  return join(directory, ACCEPTED_FILE);
}

/** What Kubernetes' conformance tests of the newest generation need. */
export interface ConformanceBuild {
  /** Version of the tests. */
  kubernetes: string;
  /** The tests, and what runs them in parallel. */
  program: string;
  ginkgo: string;
  kubectl: string;
  /** Directory of image archives for `up`, in place of that of the lab's build. */
  images: string;
}

/** Only the suites of these tests need it. */
export async function ensureConformanceBuilt(options: EnsureBuiltOptions): Promise<ConformanceBuild> {
  const { kubernetes: minor, etcd: series } = generationOf(NEWEST_GENERATION);
  const { make, finish } = maker(options, 'conformance');
  const dns = await make(goProduct(coredns));
  // Before its tests, which are compiled from much of the same.
  const programs = await make(goProduct(kubernetes(minor)));
  const tests = await make(goProduct(kubernetesTests(minor)));
  const kit = conformanceKit({
    minor,
    tests,
    etcd: await make(goProduct(etcd(series))),
    coredns: dns,
    layer: await make(conformanceLayer),
    images: await make(containerImages({ coredns: dns })),
  });
  const images = await make(kit);
  await finish();
  return {
    kubernetes: builtVersion(tests),
    program: join(tests, 'e2e.test'),
    ginkgo: join(tests, 'ginkgo'),
    kubectl: join(programs, 'kubectl'),
    images,
  };
}

function maker({ progress, signal, rebuild = [], root = labCacheRoot() }: EnsureBuiltOptions, name: string): Maker {
  // Of its own for each, so that what is done here can go.
  const folder = join(COMPILED, name);
  const compiled = join(root, folder);
  const use = openCacheUse(root);
  let hasBuilt = false;
  const onBuilt = () => {
    hasBuilt = true;
  };
  return {
    make: async (product) => {
      await use.add(folder).catch((error) => {
        throw buildError({ error, product: product.name, root });
      });
      const isToRebuild = rebuild.includes(product.name);
      return materialize(product, { root, progress, signal, compiled, rebuild: isToRebuild, onBuilt });
    },
    finish: async () => {
      await use.end();
      // Also what an earlier one left that was killed.
      await dropWorkplace(root, folder);
      const problem = hasBuilt ? await overLimit(root) : undefined;
      if (problem !== undefined) progress(problem);
    },
  };
}

const PRODUCT_NAMES = new Set([
  ...['node-image', 'container-images', 'container-runtime', 'iperf3', 'ignition', 'boot-image', 'conformance-layer'],
  ...[cniPlugins, containerd, runc, coredns].map(({ name }) => name),
  ...GENERATIONS.flatMap((generation) => [
    kubernetes(generation.kubernetes).name,
    etcd(generation.etcd).name,
    acceptedFlagsProduct(generation.kubernetes).name,
    releasedName(versionsOf(generation)),
  ]),
]);

function checkNames(names: readonly string[]): void {
  const unknown = names.find((name) => !PRODUCT_NAMES.has(name));
  if (unknown === undefined) return;
  throw usageError({
    code: 'lab-unknown-product',
    message: `the lab has no product named ${unknown}`,
    hint: `products: ${[...PRODUCT_NAMES].join(', ')}`,
  });
}
