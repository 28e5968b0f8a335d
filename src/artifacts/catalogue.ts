import { CNI_PLUGINS } from '../components/pod-network.js';
import type { Role } from '../config/spec.js';

/** Architectures Kubernetes releases and we support, by Go's names. */
export const ARCHITECTURES = ['amd64', 'arm64'] as const;
export type Arch = (typeof ARCHITECTURES)[number];

/** Versions without a leading `v`. */
export interface ArtifactVersions {
  kubernetes: string;
  etcd: string;
  cni: string;
}

/** One downloadable file and where every kind of source keeps it. */
export interface ReleaseFile {
  /** For messages, e.g. `kubelet of Kubernetes 1.37.2 for linux/amd64`. */
  title: string;
  arch: string;
  /** Paths under a mirror's base URL or an artifacts directory, tried in this order. */
  paths: readonly [string, ...string[]];
  /** Names of checksum files beside it, tried in this order; the first is the one upstream serves. */
  checksums: readonly [string, ...string[]];
  /** URL on the upstream release server. */
  upstream: string;
}

/** A file pushed to nodes unchanged. */
export interface Artifact {
  /** File name on the node, e.g. `kubelet`. */
  name: string;
  release: ReleaseFile;
  /** Path inside the release file when that is an archive. */
  member?: string;
}

const KUBERNETES_UPSTREAM = 'https://dl.k8s.io/release';
const ETCD_UPSTREAM = 'https://github.com/etcd-io/etcd/releases/download';
const CNI_UPSTREAM = 'https://github.com/containernetworking/plugins/releases/download';

const EVERY_NODE = ['kubelet', 'kube-proxy'] as const;
const CONTROL_PLANE = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;

/** What nodes need of Kubernetes' own. */
export const NODE_BINARIES: readonly string[] = [...CONTROL_PLANE, ...EVERY_NODE];

/** What only control planes hold. */
export const CONTROL_PLANE_BINARIES: ReadonlySet<string> = new Set(['etcd', ...CONTROL_PLANE]);

/**
 * What nodes of these roles and this architecture need. etcdctl is left out: the operator speaks etcd's own API, and
 * 17 MB of every control plane's RAM disk would only serve curiosity.
 */
export function artifactsFor(options: {
  versions: ArtifactVersions;
  arch: Arch;
  roles: ReadonlySet<Role>;
}): Artifact[] {
  const { versions, arch, roles } = options;
  const kubernetes = (name: string): Artifact => ({
    name,
    release: kubernetesBinary({ name, version: versions.kubernetes, arch }),
  });
  const cni = cniArchive({ version: versions.cni, arch });
  const etcd = etcdArchive({ version: versions.etcd, arch });
  const controlPlane: Artifact[] = [
    { name: 'etcd', release: etcd, member: etcdMember('etcd', { version: versions.etcd, arch }) },
    ...CONTROL_PLANE.map(kubernetes),
  ];
  return [
    ...(roles.has('control-plane') ? controlPlane : []),
    ...EVERY_NODE.map(kubernetes),
    ...CNI_PLUGINS.map((name) => ({ name, release: cni, member: name })),
  ];
}

/** What the operator can take from an etcd release beside the server that nodes get. */
export function etcdTools(release: { version: string; arch: Arch }): string[] {
  return [etcdMember('etcdctl', release), etcdutlMember(release)];
}

export const etcdutlMember = (release: { version: string; arch: Arch }): string => etcdMember('etcdutl', release);

function etcdMember(name: string, { version, arch }: { version: string; arch: Arch }): string {
  return `etcd-v${version}-linux-${arch}/${name}`;
}

/** @param os Go's name of the operating system: only kubectl is also fetched for others than linux. */
export function kubernetesBinary(options: { name: string; version: string; os?: string; arch: string }): ReleaseFile {
  const { name, version, os = 'linux', arch } = options;
  const file = os === 'windows' ? `${name}.exe` : name;
  const path = `v${version}/bin/${os}/${arch}/${file}`;
  return {
    title: `${name} of Kubernetes ${version} for ${os}/${arch}`,
    arch,
    // A copy of the upstream server has no `kubernetes/` above the versions.
    paths: [`kubernetes/${path}`, path],
    checksums: [`${file}.sha256`, 'SHA256SUMS'],
    upstream: `${KUBERNETES_UPSTREAM}/${path}`,
  };
}

export function etcdArchive({ version, arch }: { version: string; arch: string }): ReleaseFile {
  const file = `etcd-v${version}-linux-${arch}.tar.gz`;
  return {
    title: `etcd ${version} for linux/${arch}`,
    arch,
    paths: [`etcd/v${version}/${file}`],
    checksums: ['SHA256SUMS', `${file}.sha256`],
    upstream: `${ETCD_UPSTREAM}/v${version}/${file}`,
  };
}

export function cniArchive({ version, arch }: { version: string; arch: string }): ReleaseFile {
  const file = `cni-plugins-linux-${arch}-v${version}.tgz`;
  return {
    title: `CNI plugins ${version} for linux/${arch}`,
    arch,
    paths: [`cni/v${version}/${file}`],
    checksums: [`${file}.sha256`, 'SHA256SUMS'],
    upstream: `${CNI_UPSTREAM}/v${version}/${file}`,
  };
}

/** What the static builds of iperf3 call our architectures. */
const IPERF3_ARCH: Readonly<Record<Arch, string>> = { amd64: 'x64', arm64: 'aarch64' };
const IPERF3_UPSTREAM = 'https://github.com/masonr/yet-another-bench-script/releases/download/iperf3-3.22';

/**
 * The measuring tool of `bench`; ESnet publishes no builds. In a directory or mirror it may also be a .tar.gz: the
 * root of a file system with usr/bin/iperf3 and what that is linked to.
 */
export function iperf3Program({ arch }: { arch: Arch }): ReleaseFile {
  const file = `iperf3_${IPERF3_ARCH[arch]}`;
  return {
    title: `iperf3 for linux/${arch}`,
    arch,
    paths: [`iperf3/${file}`, `iperf3/${file}.tar.gz`],
    checksums: ['iperf3-checksums.sha256', 'SHA256SUMS'],
    upstream: `${IPERF3_UPSTREAM}/${file}`,
  };
}

/** An archive of several files, as opposed to one program. */
export function isArchive(fileName: string): boolean {
  return /\.t(ar\.)?gz$/.test(fileName);
}

/** The URL of another file in the same folder. */
export function besideOf(url: string, name: string): string {
  return url.slice(0, url.lastIndexOf('/') + 1) + name;
}
