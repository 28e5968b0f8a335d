import { z } from 'zod';
import { amount, milliseconds, text } from './scalars.js';

const nic = z.strictObject({
  name: text,
  driver: text,
  firmware: text.nullable(),
  /** A veth or bridge reports a fictitious speed: only `physical` ones limit what can be true. */
  kind: z.enum(['physical', 'virtual']),
  bitsPerSecond: z.number().positive().nullable(),
  mtu: z.int().positive(),
  qdisc: text,
  /** Names of the offloads that are on, as ethtool prints them. */
  offloads: z.array(text),
});

const node = z.strictObject({
  name: text,
  role: z.enum(['control-plane', 'worker']),
  /** Whether ordinary pods are scheduled on it. */
  schedulable: z.boolean(),
  bootId: text,
  os: text,
  kernel: text,
  arch: text,
  cpu: z.strictObject({
    model: text,
    cores: z.int().min(1),
    governor: text.nullable(),
    /** Vulnerabilities with an active mitigation, e.g. `spectre_v2`. */
    mitigations: z.array(text),
  }),
  memoryBytes: amount,
  kubelet: text,
  containerRuntime: text,
  nic,
  /** MTU inside pods. */
  podMtu: z.int().positive(),
});
export type NodeEnvironment = z.output<typeof node>;

export const environmentSchema = z.strictObject({
  cluster: z.strictObject({
    name: text,
    kubernetes: text,
    etcd: text,
    /** Release of the CNI plugins. */
    cni: text,
    networkMode: z.enum(['routed', 'vxlan', 'manifest']),
    proxyMode: text,
  }),
  operator: z.strictObject({
    os: text,
    kernel: text,
    cpuModel: text,
    cpus: z.int().min(1),
    node: text,
    /** Median round trip of `/readyz` before the run: how far away the observer sits. */
    apiRoundTripMs: milliseconds,
  }),
  tool: z.strictObject({
    /** Version as iperf3 prints it; below 3.16 all streams share one thread. */
    iperf3: text,
    image: text,
    digest: text,
  }),
  nodes: z.array(node).min(1),
});
export type Environment = z.output<typeof environmentSchema>;
