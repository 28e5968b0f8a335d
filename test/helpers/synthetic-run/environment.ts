import type { Environment, NodeEnvironment } from '../../../src/bench/record/environment-schema.js';

export interface SyntheticPlace {
  nodes: readonly string[];
  /** Speed of the physical link; undefined: veths, as in the lab. */
  linkBitsPerSecond?: number;
  networkMode: 'routed' | 'vxlan';
  kubernetes: string;
}

export function syntheticEnvironment({
  nodes,
  linkBitsPerSecond,
  networkMode,
  kubernetes,
}: SyntheticPlace): Environment {
  return {
    cluster: {
      name: 'seminar',
      kubernetes,
      etcd: '3.6.5',
      cni: '1.8.0',
      networkMode,
      proxyMode: 'nftables',
    },
    operator: {
      os: 'Debian GNU/Linux 12',
      kernel: '6.1.0-28-amd64',
      cpuModel: 'Intel(R) Core(TM) i5-8500 CPU @ 3.00GHz',
      cpus: 6,
      node: 'v20.19.5',
      apiRoundTripMs: 0.42,
    },
    tool: { iperf3: '3.18', image: 'k8s-diskless.bench/tools:1', digest: `sha256:${'5f'.repeat(32)}` },
    nodes: nodes.map((name, index) => nodeEnvironment(name, index, linkBitsPerSecond, networkMode, kubernetes)),
  };
}

function nodeEnvironment(
  name: string,
  index: number,
  linkBitsPerSecond: number | undefined,
  networkMode: 'routed' | 'vxlan',
  kubernetes: string,
): NodeEnvironment {
  const physical = linkBitsPerSecond !== undefined;
  return {
    name,
    role: index < 3 ? 'control-plane' : 'worker',
    schedulable: true,
    bootId: `b00710de-0000-4000-8000-00000000000${index}`,
    os: 'Flatcar Container Linux 4230.2.3',
    kernel: '6.6.100-flatcar',
    arch: 'x86_64',
    cpu: {
      model: 'AMD EPYC 7313P 16-Core Processor',
      cores: 16,
      governor: 'performance',
      mitigations: ['spectre_v1', 'spectre_v2', 'spec_store_bypass'],
    },
    memoryBytes: 64 * 1024 ** 3,
    kubelet: kubernetes,
    containerRuntime: 'containerd 1.7.27',
    nic: {
      name: physical ? 'enp65s0f0' : 'eth0',
      driver: physical ? 'ixgbe' : 'veth',
      firmware: physical ? '0x80000a5d' : null,
      kind: physical ? 'physical' : 'virtual',
      bitsPerSecond: linkBitsPerSecond ?? null,
      mtu: 1500,
      qdisc: physical ? 'mq' : 'noqueue',
      offloads: ['generic-receive-offload', 'generic-segmentation-offload', 'tcp-segmentation-offload'],
    },
    podMtu: networkMode === 'vxlan' ? 1450 : 1500,
  };
}
