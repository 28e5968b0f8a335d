import { createHash } from 'node:crypto';
import type { ComponentContext, NodeTraits } from '../../src/components/context.js';
import type { ClusterSpec, NodeSpec } from '../../src/config/spec.js';
import { pauseImage, versionRow } from '../../src/config/version-table.js';
import { sampleSpec } from '../helpers/sample-facts.js';

/** A lab node of the oldest generation: Debian's containerd, cgroup v1, no CAP_SYS_RESOURCE. */
export const LAB: NodeTraits = {
  arch: 'amd64',
  cgroupVersion: 1,
  cgroupDriver: 'cgroupfs',
  containerdVersion: '1.6.20',
  canLowerOomScore: false,
  canSetConntrack: false,
  selinux: 'disabled',
  hasNft: true,
  linkMtu: 1500,
  linkName: 'host0',
  nameservers: ['10.146.225.1'],
  resolvConf: '/etc/resolv.conf',
  memTotalBytes: 8 * 1024 ** 3,
  swap: false,
};

/** A Flatcar machine with this containerd. */
export function flatcar(containerdVersion: string): NodeTraits {
  return {
    ...LAB,
    cgroupVersion: 2,
    cgroupDriver: 'systemd',
    containerdVersion,
    canLowerOomScore: true,
    canSetConntrack: true,
    selinux: 'permissive',
    linkName: 'eno1',
    resolvConf: '/run/systemd/resolve/resolv.conf',
  };
}

export interface FixtureOptions {
  /** e.g. `1.37.2`. */
  kubernetes: string;
  controlPlanes: 1 | 3;
  traits: NodeTraits;
  /** Changes to the specification. */
  spec?: (spec: ClusterSpec) => void;
}

const BINARIES = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
const COMMON = ['kubelet', 'kube-proxy', 'bridge', 'host-local', 'loopback', 'portmap'];

/** Context of one node of a cluster: control planes s4 (s5, s6), worker s7. */
export function contextOf(
  name: string,
  { kubernetes, controlPlanes, traits, spec: change }: FixtureOptions,
): ComponentContext {
  const names = controlPlanes === 1 ? ['s4', 's7'] : ['s4', 's5', 's6', 's7'];
  const spec = clusterSpec(kubernetes, names);
  change?.(spec);
  const peers = spec.nodes.map((node) => ({
    name: node.name,
    nodeIp: `10.146.225.${node.name.slice(1)}`,
    podCidr: node.podCidr,
    controlPlane: node.role === 'control-plane',
  }));
  const node = spec.nodes.find((each) => each.name === name);
  const peer = peers.find((each) => each.name === name);
  if (node === undefined || peer === undefined) throw new Error(`the fixture has no node ${name}`);
  const members = peers.filter((each) => each.controlPlane);
  const initialCluster = members.map((member) => ({ name: member.name, peerUrl: `https://${member.nodeIp}:2380` }));
  const binaries = node.role === 'worker' ? COMMON : [...BINARIES, ...COMMON];
  return {
    spec,
    version: versionRow(kubernetes),
    node,
    nodeIp: peer.nodeIp,
    traits,
    peers,
    artifacts: new Map(binaries.map((binary) => [binary, { sha256: sha256(binary), size: 40_000_000 }])),
    ...(node.role === 'control-plane' && {
      etcdBootstrap: { token: 'default-1-3f9a', initialClusterState: 'new', initialCluster },
    }),
  };
}

/** All that adds a flag to a unit. */
export function withEveryFlag(spec: ClusterSpec): void {
  spec.taintControlPlane = true;
  spec.apiServer.audit = { policy: '', maxSizeMiB: 16, maxBackups: 2 };
  for (const node of spec.nodes) node.labels = { rack: 'b' };
}

function clusterSpec(kubernetes: string, names: string[]): ClusterSpec {
  const row = versionRow(kubernetes);
  return sampleSpec({
    kubernetes,
    etcd: row.etcd,
    cni: row.cni,
    nodes: names.map(nodeSpec),
    etcdServer: { extraArgs: {}, quotaBackendBytes: 1024 ** 3 },
    sandboxImage: pauseImage(row),
    addons: { dns: { enabled: true, image: 'registry.k8s.io/coredns/coredns:v1.11.3', replicas: 2 } },
    backup: { keep: 24, keepDays: 30, copyPlain: false, copyKeep: 24, copyKeepDays: 30 },
  });
}

function nodeSpec(name: string, index: number): NodeSpec {
  return {
    name,
    role: name === 's7' ? 'worker' : 'control-plane',
    ssh: { host: name },
    labels:
      name === 's7'
        ? { rack: 'b', 'node.kubernetes.io/instance-type': 'pxe', 'node-role.kubernetes.io/worker': '' }
        : {},
    podCidr: `10.244.${index}.0/24`,
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
