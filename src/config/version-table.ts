import { usageError } from '../errors.js';

/** What a minor's binaries accept, need or default to. Each switch holds for a range of minors: see SWITCHES. */
interface VersionSwitches {
  /** `kubelet --pod-infra-container-image`: keeps the pause image from being collected. Fatal where removed. */
  podInfraContainerImageFlag: boolean;
  /** KubeletConfiguration has `mergeDefaultEvictionSettings`. */
  mergeDefaultEvictionSettings: boolean;
  /** `crashLoopBackOff` may be set: fatal while its feature gate is off. */
  crashLoopBackOff: boolean;
}

/** One row per Kubernetes minor: what is run beside it by default, and which switches its binaries need. */
export interface VersionRow {
  /** e.g. 37 for 1.37. */
  minor: number;
  /** Newest patch release that can be had where we build, the default of this minor. Other patches use the same row. */
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
  podInfraContainerImageFlag: until(34),
  mergeDefaultEvictionSettings: since(33),
  crashLoopBackOff: since(35),
};

function switchesOf(minor: number): VersionSwitches {
  const entries = Object.entries(SWITCHES).map(([name, at]) => [name, at(minor)]);
  return Object.fromEntries(entries) as VersionSwitches;
}

const CNI = '1.10.0';
const ETCD = { v35: '3.5.33', v36: '3.6.16', v37: '3.7.3' };

/** minor, newest patch, etcd, CoreDNS tag, pause tag. The tags are those of kubeadm's constants.go of each minor. */
const RELEASES: readonly [number, string, string, string, string][] = [
  [32, '1.32.13', ETCD.v35, 'v1.11.3', '3.10'],
  [33, '1.33.12', ETCD.v35, 'v1.12.0', '3.10'],
  [34, '1.34.10', ETCD.v36, 'v1.12.1', '3.10.1'],
  [35, '1.35.4', ETCD.v36, 'v1.13.1', '3.10.1'],
  [36, '1.36.5', ETCD.v36, 'v1.14.2', '3.10.2'],
  [37, '1.37.2', ETCD.v37, 'v1.14.6', '3.10.2'],
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

/** `1.32 to 1.37` */
export const KUBERNETES_RANGE = `1.${VERSION_TABLE[0]?.minor} to 1.${NEWEST.minor}`;

/** The row of a version such as `1.37.2` (no leading `v`); any patch of a listed minor is accepted. */
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

/** Default image of the cluster DNS. */
export function coreDnsImage(row: VersionRow): string {
  return `registry.k8s.io/coredns/coredns:${row.coredns}`;
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
