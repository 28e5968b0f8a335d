import { usageError } from '../errors.js';

/** What a minor's binaries accept, need or default to. Each switch holds for a range of minors: see SWITCHES. */
interface VersionSwitches {
  /** `kubelet --container-runtime=remote` must be given: the default was dockershim. Removed in 1.27. */
  containerRuntimeFlag: boolean;
  /** KubeletConfiguration has `containerRuntimeEndpoint`; before, the flag of that name. */
  containerRuntimeEndpointField: boolean;
  /** `kubelet --pod-infra-container-image`: keeps the pause image from being collected. Fatal where removed. */
  podInfraContainerImageFlag: boolean;
  /** The kubelet starts with five seconds of looking for Docker (cAdvisor's plugin for it, gone in 1.24). */
  waitsForDocker: boolean;
  /** KubeletConfiguration has `registerWithTaints` and `registerNode`; before, flags. */
  registerFields: boolean;
  /** KubeletConfiguration has `failCgroupV1` (true by default from 1.35: no start on cgroup v1). */
  failCgroupV1Field: boolean;
  /** KubeletConfiguration has `mergeDefaultEvictionSettings`. */
  mergeDefaultEvictionSettings: boolean;
  /** KubeletConfiguration has `maxParallelImagePulls`. */
  maxParallelImagePulls: boolean;
  /** `crashLoopBackOff` may be set: fatal while its feature gate is off. */
  crashLoopBackOff: boolean;
  /** The kubelet posts Ready as soon as the runtime's network is ready; before, at the next status interval. */
  fastNodeStatusUpdate: boolean;
  /** Nodes carry the `node-role.kubernetes.io/master` label and taint beside `control-plane`. */
  masterRole: boolean;
  /** kube-proxy's nftables mode: `gate` needs feature gate NFTablesProxyMode. */
  nftablesProxy: 'absent' | 'gate' | 'on';
  /** containerd versions that serve a CRI API this kubelet speaks: `min` inclusive, `below` exclusive. */
  containerd: { min: string; below?: string };
}

/** One row per Kubernetes minor: what is run beside it by default, and which switches its binaries need. */
export interface VersionRow {
  /** e.g. 20 for 1.20. */
  minor: number;
  /** Newest patch release known, the default of this minor. Other patches of the minor use the same row. */
  kubernetes: string;
  /** Newest suitable etcd, CNI plugins release, CoreDNS image tag and pause image tag. */
  etcd: string;
  cni: string;
  coredns: string;
  pause: string;
  switches: VersionSwitches;
}

const since = (first: number) => (minor: number) => minor >= first;
const until = (last: number) => (minor: number) => minor <= last;

/** Where each switch turns. Sources: Kubernetes' flag and config type definitions of each minor. */
const SWITCHES: { [K in keyof VersionSwitches]: (minor: number) => VersionSwitches[K] } = {
  containerRuntimeFlag: until(23),
  containerRuntimeEndpointField: since(27),
  podInfraContainerImageFlag: until(34),
  waitsForDocker: until(23),
  registerFields: since(23),
  failCgroupV1Field: since(31),
  mergeDefaultEvictionSettings: since(33),
  maxParallelImagePulls: since(27),
  crashLoopBackOff: since(35),
  fastNodeStatusUpdate: since(26),
  masterRole: until(23),
  nftablesProxy: (minor) => (minor >= 31 ? 'on' : minor >= 29 ? 'gate' : 'absent'),
  // v1alpha2 alone up to 1.22, v1 and v1alpha2 up to 1.25, v1 alone from 1.26 on. containerd: v1alpha2 until 1.7, v1 since 1.6.
  containerd: (minor) =>
    minor <= 22 ? { min: '1.3.0', below: '2.0.0' } : minor <= 25 ? { min: '1.5.0' } : { min: '1.6.0' },
};

function switchesOf(minor: number): VersionSwitches {
  const entries = Object.entries(SWITCHES).map(([name, at]) => [name, at(minor)]);
  return Object.fromEntries(entries) as VersionSwitches;
}

const CNI = '1.10.0';
const ETCD = { v34: '3.4.45', v35: '3.5.33', v36: '3.6.14' };

/** minor, newest patch, etcd, CoreDNS tag, pause tag. */
const RELEASES: readonly [number, string, string, string, string][] = [
  [20, '1.20.15', ETCD.v34, '1.7.0', '3.2'],
  [21, '1.21.14', ETCD.v34, 'v1.8.0', '3.4.1'],
  [22, '1.22.17', ETCD.v35, 'v1.8.4', '3.5'],
  [23, '1.23.17', ETCD.v35, 'v1.8.6', '3.6'],
  [24, '1.24.17', ETCD.v35, 'v1.8.6', '3.7'],
  [25, '1.25.16', ETCD.v35, 'v1.9.3', '3.8'],
  [26, '1.26.15', ETCD.v35, 'v1.9.3', '3.9'],
  [27, '1.27.16', ETCD.v35, 'v1.10.1', '3.9'],
  [28, '1.28.15', ETCD.v35, 'v1.10.1', '3.9'],
  [29, '1.29.15', ETCD.v35, 'v1.11.1', '3.9'],
  [30, '1.30.14', ETCD.v35, 'v1.11.3', '3.9'],
  [31, '1.31.14', ETCD.v35, 'v1.11.3', '3.10'],
  [32, '1.32.13', ETCD.v35, 'v1.11.3', '3.10'],
  [33, '1.33.10', ETCD.v35, 'v1.12.0', '3.10'],
  [34, '1.34.9', ETCD.v36, 'v1.12.1', '3.10.1'],
  [35, '1.35.9', ETCD.v36, 'v1.13.1', '3.10.1'],
  [36, '1.36.4', ETCD.v36, 'v1.14.2', '3.10.2'],
  [37, '1.37.2', '3.7.3', 'v1.14.6', '3.10.2'],
];

export const VERSION_TABLE: readonly VersionRow[] = RELEASES.map(([minor, kubernetes, etcd, coredns, pause]) => ({
  minor,
  kubernetes,
  etcd,
  cni: CNI,
  coredns,
  pause,
  switches: switchesOf(minor),
}));

/** The default for a new cluster. */
export const NEWEST: VersionRow = lastOf(VERSION_TABLE);

/** The row of a version such as `1.20.2` (no leading `v`); any patch of a listed minor is accepted. */
export function versionRow(kubernetes: string): VersionRow {
  const match = /^1\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/.exec(kubernetes);
  const row = match ? VERSION_TABLE.find(({ minor }) => minor === Number(match[1])) : undefined;
  if (row) return row;
  const [oldest] = VERSION_TABLE;
  throw usageError({
    code: 'kubernetes-version-unsupported',
    message: `Kubernetes version ${JSON.stringify(kubernetes)} is not in the version table`,
    hint: `use MAJOR.MINOR.PATCH from 1.${oldest?.minor}.x to 1.${NEWEST.minor}.x, e.g. ${NEWEST.kubernetes}`,
  });
}

/** Default image of the cluster DNS. Kubernetes 1.20 still used the flat name. */
export function coreDnsImage(row: VersionRow): string {
  return `registry.k8s.io/${row.coredns.startsWith('v') ? 'coredns/coredns' : 'coredns'}:${row.coredns}`;
}

/** Default sandbox image. */
export function pauseImage(row: VersionRow): string {
  return `registry.k8s.io/pause:${row.pause}`;
}

function lastOf<T>(list: readonly T[]): T {
  const last = list.at(-1);
  if (last === undefined) throw new Error('the version table is empty');
  return last;
}
