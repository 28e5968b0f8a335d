import { z } from 'zod';
import { type BootConfig, IGNITION_VERSIONS, OS_NAMES, RETIRED_IGNITION, RETIRED_OS } from '../config/boot-schema.js';
import { cidrProblem } from '../config/cidr.js';
import { isDnsSubdomain } from '../config/names.js';
import type { ClusterSpec, NodeSpec, SshSpec } from '../config/spec.js';
import { HOST_KEY_POLICIES } from '../ssh/host-key.js';
import type { ClusterRecord, NodeRecord } from './records.js';

/*
 * What state files must hold to be believed. Loose: keys of a later release survive reading and writing by this one.
 */

/** The version of cluster.yaml this release reads and writes. */
export const RECORD_VERSION = 1;

const text = z.string().min(1);
const texts = z.record(z.string(), z.string());
const cidr = z.string().refine((value) => cidrProblem(value) === undefined, { error: 'is not an IPv4 CIDR' });
/** Also part of file names. */
const nodeName = z.string().refine(isDnsSubdomain, { error: 'is not a node name' });
const withExtraArgs = z.looseObject({ extraArgs: texts });

const node: z.ZodType<NodeSpec> = z.looseObject({
  name: nodeName,
  role: z.enum(['control-plane', 'worker']),
  ssh: z.looseObject({ host: text, user: text.optional(), port: z.int().optional() }),
  nodeIp: text.optional(),
  hostKeys: z.array(text).optional(),
  mac: text.optional(),
  labels: texts,
  podCidr: cidr,
});

const network = z.looseObject({
  mode: z.enum(['routed', 'vxlan', 'manifest']),
  manifest: text.optional(),
  podCidr: cidr,
  nodePrefix: z.int(),
  serviceCidr: cidr,
  nodeCidr: cidr.optional(),
  apiAddress: text,
  clusterDomain: text,
  dnsAddress: text,
  mtu: z.int().optional(),
});

/** Not in the records of earlier releases. */
const ssh: z.ZodType<SshSpec> = z.looseObject({
  configFile: text.optional(),
  user: text.optional(),
  connectTimeoutMs: z.number().positive().optional(),
  hostKeyPolicy: z.enum(HOST_KEY_POLICIES).optional(),
});

/** Not in the records of every release; its own values were checked when they were taken from the config file. */
const boot: z.ZodType<BootConfig> = z.looseObject({
  os: z.enum([...OS_NAMES, RETIRED_OS]).optional(),
  channel: text.optional(),
  version: text.optional(),
  arch: z.enum(['amd64', 'arm64']).optional(),
  images: text.optional(),
  keyring: text.optional(),
  kernel: text.optional(),
  initrd: text.optional(),
  kernelArgs: z.array(text).optional(),
  rootSize: text.optional(),
  url: text.optional(),
  listen: text.optional(),
  sshKeys: z.array(text).optional(),
  ignition: text.optional(),
  ignitionVersion: z.enum([...IGNITION_VERSIONS, RETIRED_IGNITION]).optional(),
  ntp: z.array(text).optional(),
  dhcp: z
    .looseObject({
      range: text.optional(),
      network: cidr.optional(),
      interface: text.optional(),
      gateway: text.optional(),
      nameservers: z.array(text).optional(),
      domain: text.optional(),
    })
    .optional(),
  tftp: z.looseObject({ root: text.optional(), bios: text.optional(), uefi: text.optional() }).optional(),
});

const spec: z.ZodType<ClusterSpec> = z.looseObject({
  name: text,
  kubernetes: text,
  etcd: text,
  cni: text,
  nodes: z.array(node).min(1),
  network,
  taintControlPlane: z.boolean(),
  readyTimeoutMs: z.number().positive().optional(),
  apiServer: z.looseObject({
    port: z.int(),
    extraSans: z.array(text),
    extraArgs: texts,
    audit: z.looseObject({ policy: text, maxSizeMiB: z.int(), maxBackups: z.int() }).optional(),
  }),
  controllerManager: withExtraArgs,
  scheduler: withExtraArgs,
  kubelet: z.looseObject({ extraConfig: z.record(z.string(), z.unknown()) }),
  kubeProxy: z.looseObject({ mode: z.enum(['iptables', 'nftables', 'ipvs']) }),
  etcdServer: z.looseObject({ extraArgs: texts, quotaBackendBytes: z.int() }),
  sandboxImage: text,
  addons: z.looseObject({ dns: z.looseObject({ enabled: z.boolean(), image: text, replicas: z.int() }) }),
  ssh: ssh.optional(),
  boot: boot.optional(),
});

export const clusterRecordSchema: z.ZodType<ClusterRecord> = z.looseObject({
  version: z.literal(RECORD_VERSION),
  clusterId: text,
  spec,
  etcd: z.looseObject({
    incarnation: z.int().min(0),
    phase: z.enum(['none', 'bootstrapping', 'bootstrapped']),
    token: z.string(),
    members: z.array(nodeName),
    bootIds: texts,
    origin: z.looseObject({ snapshot: text, phase: z.enum(['restoring', 'restored', 'kept']) }).optional(),
    discarded: z.array(nodeName).optional(),
    versionSince: z.int().min(1).optional(),
  }),
  pki: z.looseObject({ authorities: texts, serviceAccount: text, encryptionKeys: z.array(text) }).optional(),
});

const hostKey = z.looseObject({ type: text, fingerprint: text });

/** jump-hosts.json: by their names in known_hosts. */
export const jumpHostsSchema = z.record(z.string(), hostKey);

export const nodeRecordSchema: z.ZodType<NodeRecord> = z.looseObject({
  name: nodeName,
  bootId: text,
  hostKey,
  nodeIp: text,
  arch: text,
});
