import { link, mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { builtVersion, fileInputs, type Product } from './product.js';
import { sha256OfFile } from './sha256.js';
import { packTarball } from './tarball.js';

/** One way of upstream to publish a checksum: the bare hex, or a line as sha256sum writes it. */
type ChecksumStyle = 'bare' | 'sha256sum';

/** Directories of the products they are taken from. */
export interface ArtifactProducts {
  kubernetes: string;
  etcd: string;
  cni: string;
  iperf3: string;
}

/**
 * Kubernetes, etcd, the CNI plugins and iperf3 in the layout of upstream's release servers, checksums included,
 * so that the directory stands for a copied mirror.
 */
export function artifacts(products: ArtifactProducts): Product {
  const [kubernetes, etcd, cni] = [products.kubernetes, products.etcd, products.cni].map(builtVersion);
  return {
    name: `artifacts-${kubernetes}-${etcd}`,
    inputs: async () => [
      ...Object.values(products).map((path) => basename(path)),
      ...(await fileInputs(import.meta.dirname, ['artifacts.ts', 'tarball.ts'])),
    ],
    build: async ({ output, work, progress }) => {
      progress('laying out binaries as upstream does');
      await layOutKubernetes(products.kubernetes, output);
      await layOutEtcd({ product: products.etcd, output, work });
      await layOutCni(products.cni, output);
      await layOutIperf3(products.iperf3, output);
      return { version: `kubernetes-${kubernetes}_etcd-${etcd}_cni-${cni}` };
    },
  };
}

/** kubernetes/vX.Y.Z/bin/linux/amd64/NAME and NAME.sha256, as below dl.k8s.io/release. */
async function layOutKubernetes(product: string, output: string): Promise<void> {
  const directory = join(output, 'kubernetes', `v${builtVersion(product)}`, 'bin/linux/amd64');
  await mkdir(directory, { recursive: true });
  for (const name of await readdir(product)) {
    const file = join(directory, name);
    await link(join(product, name), file);
    await writeChecksum({ file, into: `${file}.sha256`, style: 'bare' });
  }
}

interface LayOutOptions {
  product: string;
  output: string;
  work: string;
}

/** etcd/vX.Y.Z/etcd-vX.Y.Z-linux-amd64.tar.gz and SHA256SUMS, as etcd's releases have them. */
async function layOutEtcd({ product, output, work }: LayOutOptions): Promise<void> {
  const version = builtVersion(product);
  const release = `etcd-v${version}-linux-amd64`;
  const staging = join(work, release);
  const file = join(output, 'etcd', `v${version}`, `${release}.tar.gz`);
  await mkdir(staging);
  // The command of the server's module is called `server`.
  await link(join(product, 'server'), join(staging, 'etcd'));
  for (const name of ['etcdctl', 'etcdutl']) await link(join(product, name), join(staging, name));
  await packTarball({ file, directory: work, entries: [release] });
  await writeChecksum({ file, into: join(dirname(file), 'SHA256SUMS'), style: 'sha256sum' });
}

/** cni/vX.Y.Z/cni-plugins-linux-amd64-vX.Y.Z.tgz and .sha256, as the CNI plugins' releases have them. */
async function layOutCni(product: string, output: string): Promise<void> {
  const version = builtVersion(product);
  const file = join(output, 'cni', `v${version}`, `cni-plugins-linux-amd64-v${version}.tgz`);
  const entries = (await readdir(product)).sort().map((name) => `./${name}`);
  await packTarball({ file, directory: product, entries });
  await writeChecksum({ file, into: `${file}.sha256`, style: 'sha256sum' });
}

/** iperf3/iperf3_x64.tar.gz: no static build as of upstream, but a root with what Debian's needs. */
export async function layOutIperf3(from: string, output: string): Promise<void> {
  const file = join(output, 'iperf3', 'iperf3_x64.tar.gz');
  await mkdir(dirname(file), { recursive: true });
  await link(join(from, basename(file)), file);
  await writeChecksum({ file, into: join(dirname(file), 'SHA256SUMS'), style: 'sha256sum' });
}

async function writeChecksum(checksum: { file: string; into: string; style: ChecksumStyle }): Promise<void> {
  const hex = await sha256OfFile(checksum.file);
  await writeFile(checksum.into, checksum.style === 'bare' ? hex : `${hex}  ${basename(checksum.file)}\n`);
}
