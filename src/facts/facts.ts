import type { MachineIdentity } from '../node/machine.js';
import type { OperatorMark } from '../node/operator-mark.js';

/** Everything one round trip tells of a node, parsed; see script.ts for how it is read. */

export interface MountFact {
  path: string;
  fstype: string;
  readOnly: boolean;
  /** Nothing on it may be executed. */
  noExec: boolean;
  sizeBytes: number;
  availableBytes: number;
  inodes: number;
  inodesFree: number;
}

export interface AddressFact {
  link: string;
  address: string;
  prefix: number;
  family: 4 | 6;
}

export interface RouteFact {
  /** CIDR, or `default`. */
  destination: string;
  via?: string;
  link: string;
}

export interface UnitFact {
  name: string;
  /** systemd's ActiveState. */
  active: string;
  sub: string;
  /** It cannot be started as long as somebody wants it so. */
  masked: boolean;
}

/** A file of ours as the marker recorded it, and as `stat` sees it now. */
export interface InstalledFile {
  path: string;
  sha256: string;
  mode: number;
  /** `size:inode:mtime:ctime` when installed. */
  stamp: string;
  /** The same now; undefined when the path is gone. */
  currentStamp?: string;
  /** Permission bits now. */
  currentMode?: number;
}

export interface MarkerFact {
  clusterId: string;
  incarnation: number;
  /** Not in the markers of earlier releases. */
  operator?: OperatorMark;
  files: InstalledFile[];
  /** Unit name → fingerprint of the inputs it was last started with. */
  units: Record<string, string>;
  /** SHA-256 of image archives imported in this epoch. */
  images: string[];
}

export interface EtcdDataFact {
  /** A member directory exists under the data directory. */
  present: boolean;
  /** What it takes of its file system, where that was told. */
  bytes?: number;
  /** When its database was last written to, by the node's clock, where that was told: etcd does not write without a quorum. */
  writtenAt?: Date;
  /** The marker beside it, as it lies there: undefined when there is none. */
  marker?: string;
  /** Incarnation that marker names; undefined when it is not ours. */
  incarnation?: number;
  clusterId?: string;
  /** Not in the markers of earlier releases. */
  role?: 'voter' | 'learner';
  /** etcd's initial-cluster-token of the attempt that made it. Not in the markers of earlier releases. */
  token?: string;
  /** false: it was begun, and no apiserver was started over it. Not in the markers of earlier releases. */
  open?: boolean;
  /** Under which etcd knows it. Not in the markers of earlier releases, nor before a quorum was proven. */
  memberId?: string;
}

export interface ContainerdFact {
  present: boolean;
  /** e.g. `1.6.20`; empty when it could not be told. */
  version: string;
  active: boolean;
  /** References of the images it holds; undefined when it could not be asked. */
  images?: string[];
}

export interface NodeFacts {
  bootId: string;
  machineId: string;
  machine: MachineIdentity;
  hostname: string;
  os: { id: string; versionId: string; name: string; variantId: string };
  arch: string;
  kernel: string;
  memTotalBytes: number;
  memAvailableBytes: number;
  /** The mounts that hold /, /opt, /etc, /var, /var/lib/containerd and etcd's data directory if they are there, /run (keyed by those paths; several may be one filesystem). */
  mounts: Record<string, MountFact>;
  addresses: AddressFact[];
  links: { name: string; mtu: number }[];
  routes: RouteFact[];
  /** The address this SSH connection arrived at (SSH_CONNECTION). */
  sshAddress?: string;
  /** Its sshd makes no TCP connections for us; absent where that was not tried, or it does. */
  forwardsNothing?: true;
  /** Its sshd opens one session at a time for us; absent where it opens more. */
  opensOneSession?: true;
  nameservers: string[];
  /** File the nameservers were read from; undefined when there is none. */
  resolvConf?: string;
  /** Node clock minus operator clock at half the round trip, milliseconds. */
  clockSkewMs: number;
  /** By NTP, as systemd-timesyncd or chrony says. */
  clockSynchronized: boolean;
  cgroupVersion: 1 | 2;
  selinux: 'enforcing' | 'permissive' | 'disabled';
  /** Names of effective capabilities of a root process, without CAP_, lower case: only those we look for. */
  capabilities: { sysResource: boolean; sysTime: boolean };
  /** The conntrack sysctls are ours to write, once their module is loaded. */
  canSetConntrack: boolean;
  tools: Record<string, boolean>;
  /** Why iptables makes no rules such as kube-proxy's; absent where it does, or where that was not tried. */
  xtablesFail?: string;
  containerd: ContainerdFact;
  etcdData: EtcdDataFact;
  marker?: MarkerFact;
  units: Record<string, UnitFact>;
  /** TCP ports listened on, with the process name where it can be told. */
  listeners: { port: number; process: string }[];
  swap: boolean;
  /** What the kernel has not as our node unit set it, each as a sentence, e.g. `route to 10.244.1.0/24 is missing`. */
  kernelDifferences: string[];
  /** What our node unit has put back in this boot. */
  kernelRepairs?: { count: number; last: { at: Date; what: string } };
  /** Kernel features present (built in or loaded): overlay, br_netfilter, nf_conntrack, vxlan … */
  features: Record<string, boolean>;
}
