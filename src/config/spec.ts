import type { SshTarget } from '../ssh/effective-config.js';
import type { HostKeyPolicy } from '../ssh/host-key.js';
import type { BootConfig } from './boot-schema.js';

/**
 * The resolved cluster specification: every default decided, every address allocated. It is what state records and
 * what all pure functions compute from. The user's config file (schema.ts) is turned into it once.
 */
export type Role = 'control-plane' | 'worker';
export type NetworkMode = 'routed' | 'vxlan' | 'manifest';
export type ProxyMode = 'iptables' | 'nftables' | 'ipvs';

export interface NodeSpec {
  /** Kubernetes node name: RFC 1123, lower case. */
  name: string;
  role: Role;
  ssh: SshTarget;
  /** Configured node IP; otherwise derived from facts, see `chooseNodeIp`. */
  nodeIp?: string;
  /** Pinned host keys, `SHA256:…` fingerprints as ssh-keygen prints them. */
  hostKeys?: string[];
  /** MAC address the machine boots from, lower case with colons. */
  mac?: string;
  /** Extra node labels. */
  labels: Record<string, string>;
  /** Allocated from network.podCidr, sticky, e.g. `10.244.1.0/24`. */
  podCidr: string;
}

export interface NetworkSpec {
  mode: NetworkMode;
  /** With mode `manifest`: path or https URL of the CNI manifest to apply. */
  manifest?: string;
  podCidr: string;
  /** Prefix length of each node's slice of podCidr. */
  nodePrefix: number;
  serviceCidr: string;
  /** Node IPs are taken from inside this CIDR when set. */
  nodeCidr?: string;
  /** Address on a bridge of every node's own by which components reach the API. */
  apiAddress: string;
  clusterDomain: string;
  /** ClusterIP of the DNS service. */
  dnsAddress: string;
  /** Pod MTU; derived from the node's interface when unset. */
  mtu?: number;
}

export interface ApiServerSpec {
  port: number;
  /** Names and addresses added to the serving certificate. */
  extraSans: string[];
  extraArgs: Record<string, string>;
  /** Audit log on the node's RAM disk; off when unset. `policy` is the text of the policy, not its path. */
  audit?: { policy: string; maxSizeMiB: number; maxBackups: number };
}

/** How nodes are connected to; what is not set is for ssh_config to say, or has a default. */
export interface SshSpec {
  /** Instead of ~/.ssh/config. */
  configFile?: string;
  /** Of hosts that name none. */
  user?: string;
  connectTimeoutMs?: number;
  hostKeyPolicy?: HostKeyPolicy;
}

export interface ClusterSpec {
  /** Name on the operator, default `default`. */
  name: string;
  /** Versions without a leading `v`. */
  kubernetes: string;
  etcd: string;
  cni: string;
  /** Sorted by allocation; the first entry got the first pod CIDR. */
  nodes: NodeSpec[];
  network: NetworkSpec;
  taintControlPlane: boolean;
  /** How long components, API and nodes may take to work once they are started; absent when nobody said. */
  readyTimeoutMs?: number;
  apiServer: ApiServerSpec;
  controllerManager: { extraArgs: Record<string, string> };
  scheduler: { extraArgs: Record<string, string> };
  kubelet: { extraConfig: Record<string, unknown> };
  kubeProxy: { mode: ProxyMode };
  etcdServer: { extraArgs: Record<string, string>; quotaBackendBytes: number };
  /** Sandbox (pause) image containerd uses, e.g. `registry.k8s.io/pause:3.6`. */
  sandboxImage: string;
  addons: { dns: { enabled: boolean; image: string; replicas: number } };
  /** Absent when neither a flag nor a config file said anything. */
  ssh?: SshSpec;
  /** How the machines boot over the network, as the config file said it; absent when it said nothing. */
  boot?: BootConfig;
}

export function controlPlanes(spec: ClusterSpec): NodeSpec[] {
  return spec.nodes.filter((node) => node.role === 'control-plane');
}
