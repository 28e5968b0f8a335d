import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DisklessError } from '../../src/errors.js';

/** A program of others that the lab builds from its Go module. */
export interface GoSoftware {
  /** Of the product. */
  name: string;
  /** Below lab/modules, with go.mod and go.sum. Default: the name. */
  folder?: string;
  /** The module whose version is that of the product; go.mod requires it. */
  module: string;
  /** Import paths of the commands. */
  packages: readonly string[];
  /** Import paths whose tests become programs, `NAME.test`. */
  tests?: readonly string[];
  tags?: readonly string[];
  /** Needs a C compiler; is linked statically all the same. */
  cgo?: true;
  /** Linker variables (`package.Name`) that carry the version, which begins with `v`. */
  stamps?: (version: string) => Readonly<Record<string, string>>;
  /** Adds packages of ours to a copy of the module's folder. */
  addPackages?: (module: string) => Promise<void>;
}

const MODULES = join(import.meta.dirname, '../modules');

/** Where go.mod and go.sum of a product are kept. */
export function moduleFolder({ name, folder = name }: Pick<GoSoftware, 'name' | 'folder'>): string {
  return join(MODULES, folder);
}

/** The version that go.mod requires, without its `v`. */
export function softwareVersion(software: Pick<GoSoftware, 'name' | 'folder' | 'module'>): string {
  const { module } = software;
  const file = join(moduleFolder(software), 'go.mod');
  const text = readFileSync(file, 'utf8');
  for (const line of text.split('\n')) {
    const [path, version] = line
      .trim()
      .replace(/^require /, '')
      .split(' ');
    if (path === module && version?.startsWith('v')) return version.slice(1);
  }
  throw new DisklessError({
    code: 'lab-module-invalid',
    message: `${file} does not require ${module}`,
  });
}

const KUBERNETES = 'k8s.io/kubernetes';
const KUBERNETES_COMMANDS = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'kubectl',
];

function kubernetesStamps(version: string): Record<string, string> {
  const [major = '', minor = ''] = version.slice(1).split('.');
  const variables = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [`k8s.io/component-base/version.${name}`, value]),
  );
}

/** What nodes and operator run of a minor such as `1.37`. */
export function kubernetes(minor: string): GoSoftware {
  return {
    name: `kubernetes-${minor}`,
    module: KUBERNETES,
    packages: KUBERNETES_COMMANDS.map((command) => `${KUBERNETES}/cmd/${command}`),
    stamps: kubernetesStamps,
  };
}

/** Of the same minor, for what others are compared with. */
export function kubeadm(minor: string): GoSoftware {
  const { name: folder, ...rest } = kubernetes(minor);
  return { ...rest, name: `kubeadm-${minor}`, folder, packages: [`${KUBERNETES}/cmd/kubeadm`] };
}

/** Kubernetes' own tests of that minor, what runs them, and the programs of images that they use. */
export function kubernetesTests(minor: string): GoSoftware {
  const images = ['agnhost', 'nonewprivs'].map((name) => `${KUBERNETES}/test/images/${name}`);
  return {
    ...kubernetes(minor),
    name: `kubernetes-tests-${minor}`,
    packages: [...images, 'k8s.io/sample-apiserver', 'github.com/onsi/ginkgo/v2/ginkgo'],
    tests: [`${KUBERNETES}/test/e2e`],
  };
}

/** `series` is a minor such as `3.7`. etcdutl reads and makes data directories. */
export function etcd(series: string): GoSoftware {
  const part = (name: string) => `go.etcd.io/etcd/${name}/v3`;
  return {
    name: `etcd-${series}`,
    module: part('server'),
    packages: [part('server'), part('etcdctl'), part('etcdutl')],
  };
}

const CNI_PLUGINS = {
  main: ['bridge', 'host-device', 'ipvlan', 'loopback', 'macvlan', 'ptp', 'vlan'],
  ipam: ['dhcp', 'host-local', 'static'],
  meta: ['bandwidth', 'firewall', 'portmap', 'sbr', 'tuning', 'vrf'],
};

export const cniPlugins: GoSoftware = {
  name: 'cni-plugins',
  module: 'github.com/containernetworking/plugins',
  packages: Object.entries(CNI_PLUGINS).flatMap(([kind, names]) =>
    names.map((name) => `github.com/containernetworking/plugins/plugins/${kind}/${name}`),
  ),
  stamps: (version) => ({ 'github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion': version }),
};

const CONTAINERD = 'github.com/containerd/containerd/v2';

export const containerd: GoSoftware = {
  name: 'containerd',
  module: CONTAINERD,
  packages: ['containerd', 'containerd-shim-runc-v2', 'ctr'].map((command) => `${CONTAINERD}/cmd/${command}`),
  tags: ['no_btrfs'],
  stamps: (version) => ({ [`${CONTAINERD}/version.Version`]: version }),
};

export const runc: GoSoftware = {
  name: 'runc',
  module: 'github.com/opencontainers/runc',
  packages: ['github.com/opencontainers/runc'],
  tags: ['seccomp', 'netgo', 'osusergo'],
  cgo: true,
  stamps: (version) => ({ 'main.version': version.slice(1) }),
};

export const coredns: GoSoftware = {
  name: 'coredns',
  module: 'github.com/coredns/coredns',
  packages: ['github.com/coredns/coredns'],
};
