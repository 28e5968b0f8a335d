import { cidrContains, cidrOverlaps } from '../config/cidr.js';
import type { ClusterSpec, NodeSpec } from '../config/spec.js';
import type { MountFact, NodeFacts } from '../facts/facts.js';
import { OWN_LINKS, ownPorts } from './own-resources.js';

const MIB = 1024 * 1024;
/** Resident memory of the processes we start, measured on the lab and rounded up. */
const PROCESS_BYTES = { 'control-plane': 900 * MIB, worker: 250 * MIB } as const;
/** etcd preallocates a 64 MB WAL segment and keeps the next one (etcd wal.go). */
const ETCD_BYTES = 160 * MIB;
/** tmpfs must keep some room for pods' images, logs and volumes. */
const HEADROOM_BYTES = 64 * MIB;
const INODES_NEEDED = 2000;
/** Certificates are backdated by a day; what suffers earlier are leases and log reading. */
const CLOCK_WARN_MS = 5_000;
const CLOCK_ERROR_MS = 12 * 3600_000;

export interface Finding {
  code: string;
  severity: 'error' | 'warning';
  message: string;
  hint?: string;
}

export interface PreflightInput {
  spec: ClusterSpec;
  node: NodeSpec;
  facts: NodeFacts;
  /** CRI API this Kubernetes needs of containerd. */
  criApi: 'v1alpha2' | 'v1';
  /** Minor of the Kubernetes version, e.g. 20. */
  minor: number;
  /** Uncompressed bytes still to be written to the node. */
  pushBytes: number;
}

type Check = (input: PreflightInput) => Finding[];

/** Everything wrong with one node, all at once. Pure. */
export function preflight(input: PreflightInput): Finding[] {
  return CHECKS.flatMap((check) => check(input));
}

const error = (code: string, message: string, hint?: string): Finding[] => [
  { code, severity: 'error', message, ...(hint && { hint }) },
];
const warning = (code: string, message: string, hint?: string): Finding[] => [
  { code, severity: 'warning', message, ...(hint && { hint }) },
];
const mib = (bytes: number): string => `${Math.ceil(bytes / MIB)} MiB`;

const checkArchitecture: Check = ({ facts }) =>
  ['x86_64', 'aarch64'].includes(facts.arch)
    ? []
    : error('architecture', `its architecture ${facts.arch} is not supported`, 'x86_64 and aarch64 are');

const checkTools: Check = ({ facts }) => {
  const missing = ['tar', 'gzip', 'sha256sum', 'ip', 'curl', 'systemctl'].filter((tool) => !facts.tools[tool]);
  if (!facts.tools.nft && !facts.tools.iptables) missing.push('nft or iptables');
  return missing.length === 0 ? [] : error('tools-missing', `these tools are missing: ${missing.join(', ')}`);
};

const checkFeatures: Check = ({ facts, spec }) => {
  const wanted = ['overlay', 'nf_conntrack', 'br_netfilter', ...(spec.network.mode === 'vxlan' ? ['vxlan'] : [])];
  const missing = wanted.filter((feature) => !facts.features[feature]);
  return missing.length === 0
    ? []
    : error('kernel-features', `the kernel lacks ${missing.join(', ')}`, 'they are neither built in nor loadable');
};

const checkMemory: Check = ({ facts, node, pushBytes }) => {
  const fresh = facts.marker === undefined;
  const needed = pushBytes + (fresh ? PROCESS_BYTES[node.role] + etcdBytes(node) : 0);
  if (facts.memAvailableBytes >= needed) return [];
  return error(
    'too-little-memory',
    `${mib(facts.memAvailableBytes)} of memory are available, ${mib(needed)} are needed for a ${node.role}`,
    'RAM is the disk here: give the machine more, or make it a worker',
  );
};

const etcdBytes = (node: NodeSpec): number => (node.role === 'control-plane' ? ETCD_BYTES : 0);

const checkSpace: Check = ({ facts, node, pushBytes }) => {
  const target = facts.mounts['/opt'] ?? facts.mounts['/'];
  if (!target) return [];
  const fresh = facts.marker === undefined;
  const needed = pushBytes + (fresh ? etcdBytes(node) + HEADROOM_BYTES : 0);
  const findings: Finding[] = [];
  if (target.availableBytes < needed) {
    const message = `${target.path} (${target.fstype}) has ${mib(target.availableBytes)} free, ${mib(needed)} are needed`;
    findings.push(...error('too-little-space', message, tmpfsHint(target)));
  }
  if (target.inodes > 0 && fresh && target.inodesFree < INODES_NEEDED) {
    const message = `${target.path} has ${target.inodesFree} free inodes, ${INODES_NEEDED} are needed`;
    findings.push(...error('too-few-inodes', message, tmpfsHint(target)));
  }
  return findings;
};

function tmpfsHint(mount: MountFact): string {
  return mount.fstype === 'tmpfs'
    ? `enlarge it: mount -o remount,size=80%,nr_inodes=0 ${mount.path} (on Flatcar the kernel argument rootflags=size=80%)`
    : 'free some space, or enlarge the filesystem';
}

const checkWritable: Check = ({ facts }) => {
  const blocked = ['/opt', '/etc', '/var', '/run'].filter((path) => facts.mounts[path]?.readOnly);
  return blocked.length === 0 ? [] : error('read-only', `${blocked.join(', ')} cannot be written to`);
};

/** Off by more than a person would notice in a log, and ours to set. */
export function clockHasToBeSet({ clockSkewMs, capabilities }: NodeFacts): boolean {
  return Math.abs(clockSkewMs) >= CLOCK_WARN_MS && capabilities.sysTime;
}

const checkClock: Check = ({ facts }) => {
  const off = Math.abs(facts.clockSkewMs);
  if (off < CLOCK_WARN_MS) return [];
  const direction = facts.clockSkewMs > 0 ? 'ahead of' : 'behind';
  const message = `its clock is ${Math.round(off / 1000)} s ${direction} the operator's`;
  if (clockHasToBeSet(facts)) return warning('clock-set', `${message}; it is set from the operator's`);
  if (off < CLOCK_ERROR_MS)
    return warning('clock-skew', message, 'it may not be set from here: check its time service');
  return error('clock-skew', message, 'it may not be set from here (no CAP_SYS_TIME): check its time service');
};

const checkContainerd: Check = ({ facts, criApi, spec }) => {
  const { present, version } = facts.containerd;
  if (!present) return error('containerd-missing', 'containerd is not installed');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (criApi === 'v1alpha2' && major >= 2) {
    const hint = `use Kubernetes 1.23 or newer, or an operating system with containerd 1.x`;
    return error(
      'containerd-too-new',
      `containerd ${version} no longer speaks CRI v1alpha2, which Kubernetes ${spec.kubernetes} needs`,
      hint,
    );
  }
  if (criApi === 'v1' && major === 1 && minor < 6) {
    return error(
      'containerd-too-old',
      `containerd ${version} does not speak CRI v1, which Kubernetes ${spec.kubernetes} needs`,
    );
  }
  return [];
};

const checkCgroup: Check = ({ facts, minor, spec }) =>
  facts.cgroupVersion === 2 && minor < 22
    ? warning('cgroup-v2-early', `Kubernetes ${spec.kubernetes} supports cgroup v2 only experimentally`)
    : [];

const checkSwap: Check = ({ facts }) =>
  facts.swap ? warning('swap', 'swap is on; the kubelet is told to accept it, pods do not use it') : [];

const checkNameservers: Check = ({ facts, spec }) => {
  const { length } = facts.nameservers;
  if (length > 3) return warning('nameservers', `it has ${length} nameservers; pods get the first three`);
  if (length > 0 || !spec.addons.dns.enabled) return [];
  const hint = 'give it one by DHCP; any address will do if nothing outside the cluster is to be resolved';
  return warning('nameservers-none', 'it has no nameserver, without which CoreDNS does not start on it', hint);
};

const checkHostname: Check = ({ facts, node }) =>
  /^localhost\b/.test(facts.hostname)
    ? warning('hostname', `its host name is ${facts.hostname}; the node is registered as ${node.name}`)
    : [];

const checkRoutes: Check = ({ facts, spec }) => {
  const { podCidr, serviceCidr } = spec.network;
  const ours = (link: string): boolean => OWN_LINKS.test(link);
  return facts.routes.flatMap((route) => {
    if (route.destination === 'default' || ours(route.link)) return [];
    const clash = [podCidr, serviceCidr].find((cidr) => cidrOverlaps(cidr, route.destination));
    if (clash === undefined) return [];
    if (clash === podCidr && facts.marker && cidrContains(podCidr, route.destination.split('/')[0] ?? '')) return [];
    const what = clash === podCidr ? 'pod' : 'service';
    const hint = `choose another network.${what}Cidr`;
    return error(
      'route-overlap',
      `its route ${route.destination} (${route.link}) overlaps the ${what} network ${clash}`,
      hint,
    );
  });
};

const checkPorts: Check = ({ facts, spec, node }) => {
  if (facts.marker) return [];
  const wanted = ownPorts(spec, node);
  return facts.listeners.flatMap(({ port, process }) => {
    const purpose = wanted.get(port);
    if (purpose === undefined) return [];
    const by = process === '' ? 'another process' : process;
    return error(
      'port-taken',
      `TCP port ${port}, needed by ${purpose}, is taken by ${by}`,
      `stop ${by}, or reboot the node`,
    );
  });
};

const CHECKS: readonly Check[] = [
  checkArchitecture,
  checkTools,
  checkFeatures,
  checkMemory,
  checkSpace,
  checkWritable,
  checkClock,
  checkContainerd,
  checkCgroup,
  checkSwap,
  checkNameservers,
  checkHostname,
  checkRoutes,
  checkPorts,
];
