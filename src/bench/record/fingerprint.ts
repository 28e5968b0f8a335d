import { createHash } from 'node:crypto';
import type { Preset } from '../preset/preset-schema.js';
import type { Environment, NodeEnvironment } from './environment-schema.js';

export interface Fingerprint {
  /** The first 16 hex digits of the SHA-256 of the fields. */
  hash: string;
  /** What must be equal for two runs to be comparable; the version of k8s-diskless itself is what one compares. */
  fields: Record<string, string>;
}

export function fingerprintOf(environment: Environment, preset: Preset): Fingerprint {
  const { cluster, tool, nodes } = environment;
  const { kubernetes, etcd, cni, networkMode, proxyMode } = cluster;
  const fields = {
    kubernetes,
    etcd,
    cni,
    'network mode': networkMode,
    'proxy mode': proxyMode,
    iperf3: tool.iperf3,
    'tool image': tool.digest,
    ...perNode(nodes),
    ...measurement(preset),
  };
  const sorted = Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { hash: createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 16), fields: sorted };
}

const NODE_FIELDS: Readonly<Record<string, (node: NodeEnvironment) => string>> = {
  role: ({ role, schedulable }) => (schedulable ? role : `${role}, tainted`),
  os: ({ os }) => os,
  kernel: ({ kernel }) => kernel,
  architecture: ({ arch }) => arch,
  cpu: ({ cpu }) => `${cpu.cores} × ${cpu.model}${cpu.governor === null ? '' : `, ${cpu.governor}`}`,
  mitigations: ({ cpu }) => cpu.mitigations.toSorted().join(' ') || 'none',
  memory: ({ memoryBytes }) => `${(memoryBytes / 1024 ** 3).toFixed(1)} GiB`,
  kubelet: ({ kubelet }) => kubelet,
  'container runtime': ({ containerRuntime }) => containerRuntime,
  nic: ({ nic }) => `${nic.driver} ${nic.bitsPerSecond === null ? nic.kind : `${nic.bitsPerSecond / 1e9} Gbit/s`}`,
  firmware: ({ nic }) => nic.firmware ?? 'none',
  offloads: ({ nic }) => nic.offloads.toSorted().join(' ') || 'none',
  qdisc: ({ nic }) => nic.qdisc,
  'host MTU': ({ nic }) => `${nic.mtu}`,
  'pod MTU': ({ podMtu }) => `${podMtu}`,
};

/** `6.1.0 (s4, s5), 6.6.2 (s6)`: thirty equal nodes stay readable. */
function perNode(nodes: readonly NodeEnvironment[]): Record<string, string> {
  const sorted = nodes.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return Object.fromEntries(
    Object.entries(NODE_FIELDS).map(([field, describe]) => {
      const values = [...new Set(sorted.map(describe))];
      const named = (value: string): string =>
        `${value} (${sorted
          .filter((node) => describe(node) === value)
          .map(({ name }) => name)
          .join(', ')})`;
      return [field, values.map(named).join(', ')];
    }),
  );
}

/** How things were measured. More rounds make a run better, not another one; limits only void rounds. */
function measurement({ rounds, pods, network, api, dns }: Preset): Record<string, string> {
  const { count, ...podSettings } = pods;
  const sections = { pods: { ...podSettings, perRound: Math.round(count / rounds) }, network, api, dns };
  return Object.fromEntries(
    Object.entries(sections).flatMap(([section, settings]) =>
      Object.entries(settings).map(([key, value]) => [`${section}.${key}`, String(value)]),
    ),
  );
}

/** Fields in which two runs differ. */
export function drift(a: Fingerprint, b: Fingerprint): { field: string; a: string; b: string }[] {
  const fields = [...new Set([...Object.keys(a.fields), ...Object.keys(b.fields)])].sort();
  return fields
    .map((field) => ({ field, a: a.fields[field] ?? 'not recorded', b: b.fields[field] ?? 'not recorded' }))
    .filter((each) => each.a !== each.b);
}
