import type { ClusterSpec, NodeSpec } from '../../src/config/spec.js';
import type { MountFact, NodeFacts } from '../../src/facts/facts.js';

const GIB = 1024 ** 3;

/** The first copy of a state. */
export const OPERATOR = { id: 'a1', generation: 1 };

export function sampleMount(changes: Partial<MountFact> = {}): MountFact {
  return {
    path: '/',
    fstype: 'tmpfs',
    readOnly: false,
    noExec: false,
    sizeBytes: 4 * GIB,
    availableBytes: 3 * GIB,
    inodes: 1_000_000,
    inodesFree: 990_000,
    ...changes,
  };
}

/** A healthy blank node, as the lab's are. */
export function sampleFacts(changes: Partial<NodeFacts> = {}): NodeFacts {
  const root = sampleMount();
  return {
    bootId: '11111111-2222-3333-4444-555555555555',
    machineId: 'm',
    machine: { macs: ['52:54:00:12:34:56'] },
    hostname: 's4',
    os: { id: 'flatcar', versionId: '4593.2.5', name: 'Flatcar', variantId: '' },
    arch: 'x86_64',
    kernel: '6.12.1',
    memTotalBytes: 8 * GIB,
    memAvailableBytes: 7 * GIB,
    mounts: { '/': root, '/opt': root, '/etc': root, '/var': root, '/run': root },
    addresses: [{ link: 'eth0', address: '10.146.225.4', prefix: 24, family: 4 }],
    links: [{ name: 'eth0', mtu: 1500 }],
    routes: [{ destination: '10.146.225.0/24', link: 'eth0' }],
    sshAddress: '10.146.225.4',
    nameservers: ['192.0.2.53'],
    resolvConf: '/run/systemd/resolve/resolv.conf',
    clockSkewMs: 12,
    clockSynchronized: false,
    cgroupVersion: 2,
    selinux: 'permissive',
    capabilities: { sysResource: true, sysTime: true },
    canSetConntrack: true,
    tools: {
      tar: true,
      zstd: true,
      gzip: true,
      curl: true,
      ip: true,
      nft: true,
      iptables: true,
      sha256sum: true,
      systemctl: true,
      ctr: true,
    },
    containerd: { present: true, version: '1.7.21', active: true, images: [] },
    etcdData: { present: false },
    units: {},
    listeners: [{ port: 22, process: 'sshd' }],
    swap: false,
    kernelDifferences: [],
    features: { overlay: true, br_netfilter: true, nf_conntrack: true, vxlan: true },
    ...changes,
  };
}

export function sampleNode(changes: Partial<NodeSpec> = {}): NodeSpec {
  return { name: 's4', role: 'control-plane', ssh: { host: 's4' }, labels: {}, podCidr: '10.244.0.0/24', ...changes };
}

export function sampleSpec(changes: Partial<ClusterSpec> = {}): ClusterSpec {
  return {
    name: 'default',
    kubernetes: '1.37.2',
    etcd: '3.7.3',
    cni: '1.10.0',
    nodes: [
      sampleNode(),
      sampleNode({ name: 's5', role: 'worker', ssh: { host: 's5' }, podCidr: '10.244.1.0/24' }),
      sampleNode({ name: 's6', role: 'worker', ssh: { host: 's6' }, podCidr: '10.244.2.0/24' }),
    ],
    network: {
      mode: 'routed',
      podCidr: '10.244.0.0/16',
      nodePrefix: 24,
      serviceCidr: '10.96.0.0/16',
      apiAddress: '169.254.77.1',
      clusterDomain: 'cluster.local',
      dnsAddress: '10.96.0.10',
    },
    taintControlPlane: false,
    readyTimeout: 180_000,
    apiServer: { port: 6443, extraSans: [], extraArgs: {} },
    controllerManager: { extraArgs: {} },
    scheduler: { extraArgs: {} },
    kubelet: { extraConfig: {} },
    kubeProxy: { mode: 'iptables' },
    etcdServer: { extraArgs: {}, quotaBackendBytes: 536_870_912 },
    sandboxImage: 'registry.k8s.io/pause:3.6',
    addons: { dns: { enabled: true, image: 'registry.k8s.io/coredns:1.7.0', replicas: 2 } },
    backup: { keep: 24, keepDays: 30, copyPlain: false, copyKeep: 24, copyKeepDays: 30 },
    ...changes,
  };
}
