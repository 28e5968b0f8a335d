import { copyFile, link, mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { openApt } from './apt.js';
import { binaryVersion, upstreamVersion } from './debian-version.js';
import { fileInputs, type Product } from './product.js';
import { runCommand } from './run-command.js';
import { sha256OfFile } from './sha256.js';
import { packTarball } from './tarball.js';

/** One way of upstream to publish a checksum: the bare hex, or a line as sha256sum writes it. */
type ChecksumStyle = 'bare' | 'sha256sum';

export interface ArtifactProducts {
  /** Directories of the products they are taken from. */
  kubernetes: string;
  iperf3: string;
}

/**
 * Kubernetes, etcd, the CNI plugins and iperf3 in the layout of upstream's release servers, checksums included,
 * so that the directory stands for a copied mirror.
 */
export function artifacts(products: ArtifactProducts): Product {
  return {
    name: 'artifacts',
    inputs: async () => [
      basename(products.kubernetes),
      basename(products.iperf3),
      ...(await fileInputs(import.meta.dirname, ['artifacts.ts', 'tarball.ts'])),
    ],
    build: async ({ output, work, progress, signal }) => {
      progress('fetching etcd and the CNI plugins');
      const apt = await openApt({ directory: join(work, 'apt'), signal });
      const debs = join(work, 'debs');
      await mkdir(debs);
      const files = await apt.download(['etcd-server', 'etcd-client', 'containernetworking-plugins'], debs);
      const unpacked = join(work, 'unpacked');
      for (const deb of files) await runCommand({ command: 'dpkg-deb', args: ['--extract', deb, unpacked], signal });
      const kubernetesVersion = await layOutKubernetes(products.kubernetes, output);
      const etcdVersion = await layOutEtcd({ output, unpacked, version: versionOf(files, 'etcd-server_') });
      const cniVersion = await layOutCni({
        output,
        unpacked,
        version: versionOf(files, 'containernetworking-plugins_'),
      });
      await layOutIperf3(products.iperf3, output);
      return { version: `kubernetes-${kubernetesVersion}_etcd-${etcdVersion}_cni-${cniVersion}` };
    },
  };
}

function versionOf(debs: readonly string[], prefix: string): string {
  const deb = debs.map((path) => basename(path)).find((name) => name.startsWith(prefix)) ?? prefix;
  return upstreamVersion(binaryVersion(deb));
}

/** kubernetes/vX.Y.Z/bin/linux/amd64/NAME and NAME.sha256, as below dl.k8s.io/release. */
async function layOutKubernetes(from: string, output: string): Promise<string> {
  const version = upstreamVersion(basename(from).replace(/_[^_]*$/, ''));
  const directory = join(output, 'kubernetes', `v${version}`, 'bin/linux/amd64');
  await mkdir(directory, { recursive: true });
  for (const name of await readdir(from)) {
    const file = join(directory, name);
    await link(join(from, name), file);
    await writeChecksum({ file, into: `${file}.sha256`, style: 'bare' });
  }
  return version;
}

interface LayOutOptions {
  output: string;
  /** Root of the unpacked Debian packages. */
  unpacked: string;
  version: string;
}

/** etcd/vX.Y.Z/etcd-vX.Y.Z-linux-amd64.tar.gz and SHA256SUMS, as etcd's releases have them. */
async function layOutEtcd({ output, unpacked, version }: LayOutOptions): Promise<string> {
  const release = `etcd-v${version}-linux-amd64`;
  const staging = join(unpacked, 'staging', release);
  const file = join(output, 'etcd', `v${version}`, `${release}.tar.gz`);
  await mkdir(staging, { recursive: true });
  for (const name of ['etcd', 'etcdctl']) await copyFile(join(unpacked, 'usr/bin', name), join(staging, name));
  await packTarball({ file, directory: dirname(staging), entries: [release] });
  await writeChecksum({ file, into: join(dirname(file), 'SHA256SUMS'), style: 'sha256sum' });
  return version;
}

/** cni/vX.Y.Z/cni-plugins-linux-amd64-vX.Y.Z.tgz and .sha256, as the CNI plugins' releases have them. */
async function layOutCni({ output, unpacked, version }: LayOutOptions): Promise<string> {
  const file = join(output, 'cni', `v${version}`, `cni-plugins-linux-amd64-v${version}.tgz`);
  const directory = join(unpacked, 'usr/lib/cni');
  const entries = (await readdir(directory)).sort().map((name) => `./${name}`);
  await packTarball({ file, directory, entries });
  await writeChecksum({ file, into: `${file}.sha256`, style: 'sha256sum' });
  return version;
}

/** iperf3/iperf3_x64.tar.gz: no static build as of upstream, but a root with what Debian's needs. */
async function layOutIperf3(from: string, output: string): Promise<void> {
  const file = join(output, 'iperf3', 'iperf3_x64.tar.gz');
  await mkdir(dirname(file), { recursive: true });
  await link(join(from, basename(file)), file);
  await writeChecksum({ file, into: join(dirname(file), 'SHA256SUMS'), style: 'sha256sum' });
}

async function writeChecksum(checksum: { file: string; into: string; style: ChecksumStyle }): Promise<void> {
  const hex = await sha256OfFile(checksum.file);
  await writeFile(checksum.into, checksum.style === 'bare' ? hex : `${hex}  ${basename(checksum.file)}\n`);
}
