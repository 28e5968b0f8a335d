import type { ClusterSpec, NodeSpec } from '../config/spec.js';
import type { VersionRow } from '../config/version-table.js';
import type { ArtifactFile, ComponentOutput } from '../node/desired.js';

/** A node as the others see it. */
export interface Peer {
  name: string;
  nodeIp: string;
  podCidr: string;
  controlPlane: boolean;
}

/** The facts that change what is generated; a subset of NodeFacts so that golden tests stay small. */
export interface NodeTraits {
  arch: 'amd64' | 'arm64';
  cgroupVersion: 1 | 2;
  /** Driver containerd and kubelet are both set to. */
  cgroupDriver: 'systemd' | 'cgroupfs';
  /** containerd's version, e.g. `1.6.20`. */
  containerdVersion: string;
  /** false where CAP_SYS_RESOURCE is missing (nested or rootless hosts): oom_score_adj cannot be lowered. */
  canLowerOomScore: boolean;
  /** false in network namespaces that may not write conntrack sysctls. */
  canSetConntrack: boolean;
  selinux: 'enforcing' | 'permissive' | 'disabled';
  hasNft: boolean;
  /** MTU of the interface that carries the node IP. */
  linkMtu: number;
  /** That interface's name. */
  linkName: string;
  /** Nameservers the kubelet may hand to pods (loopback ones removed, order kept). */
  nameservers: string[];
  /** resolv.conf the kubelet may use as it is; undefined when we must write our own (too many nameservers, no file…). */
  resolvConf?: string;
  memTotalBytes: number;
  /** Swap is on: the kubelet must be told. */
  swap: boolean;
}

/** Parameters of etcd that only its first start reads. */
export interface EtcdBootstrap {
  token: string;
  initialClusterState: 'new' | 'existing';
  initialCluster: { name: string; peerUrl: string }[];
}

export interface ComponentContext {
  spec: ClusterSpec;
  version: VersionRow;
  node: NodeSpec;
  nodeIp: string;
  traits: NodeTraits;
  /** Every node of the cluster whose IP is known, this one included, in spec order. */
  peers: Peer[];
  /** undefined on workers, and on members that hold data already. */
  etcdBootstrap?: EtcdBootstrap;
  /** Binary name (`kubelet`, `etcd`, `bridge`…) → its content for this node's architecture. */
  artifacts: ReadonlyMap<string, ArtifactFile>;
}

/** One component's share of a node: pure, golden-tested. */
export type Component = (context: ComponentContext) => ComponentOutput;
