import { z } from 'zod';
import type { SshTarget } from '../ssh/effective-config.js';
import { backup } from './backup-schema.js';
import { type BootConfig, boot } from './boot-schema.js';
import { cidrProblem } from './cidr.js';
import { isDnsSubdomain } from './names.js';
import * as schema from './schema.js';
import { type ServeConfig, serve } from './serve-schema.js';
import { type Decided, recordedForm, recordedShape } from './setting.js';

/**
 * The resolved cluster specification: every default decided, every address allocated. It is what state records and
 * what all pure functions compute from. The user's config file is turned into it once. Settings come from schema.ts;
 * here stand only their places in the spec, and what no setting says.
 */
export type Role = 'control-plane' | 'worker';
export type NetworkSpec = Decided<typeof schema.network>;
/** `audit.policy` is the text of the policy, not its path. */
export type ApiServerSpec = Decided<typeof schema.apiServer>;
export type ProxyMode = Decided<typeof schema.kubeProxy>['mode'];
/** What is kept of snapshots, here and elsewhere. */
export type BackupSpec = Decided<typeof backup>;
/** How nodes are connected to; what is not set is for ssh_config to say, or has a default. */
export type SshSpec = Decided<typeof schema.ssh>;

export interface NodeSpec extends Decided<typeof schema.hostDetails> {
  /** Kubernetes node name: RFC 1123, lower case. */
  name: string;
  role: Role;
  ssh: SshTarget;
  /** Allocated from network.podCidr, sticky, e.g. `10.244.1.0/24`. */
  podCidr: string;
}

export interface ClusterSpec extends Decided<typeof schema.clusterWide> {
  /** Name on the operator, default `default`. */
  name: string;
  /** Versions without a leading `v`. */
  kubernetes: string;
  etcd: string;
  cni: string;
  /** Sorted by allocation; the first entry got the first pod CIDR. */
  nodes: NodeSpec[];
  network: NetworkSpec;
  apiServer: ApiServerSpec;
  controllerManager: Decided<typeof schema.controllerManager>;
  scheduler: Decided<typeof schema.scheduler>;
  kubelet: Decided<typeof schema.kubelet>;
  kubeProxy: Decided<typeof schema.kubeProxy>;
  etcdServer: Decided<typeof schema.etcdServer>;
  /** Sandbox (pause) image containerd uses, e.g. `registry.k8s.io/pause:3.6`. */
  sandboxImage: string;
  addons: { dns: Decided<typeof schema.dns> };
  backup: BackupSpec;
  /** Absent when neither a flag nor a config file said anything. */
  ssh?: SshSpec;
  /** How the machines boot over the network, as the config file said it; absent when it said nothing. */
  boot?: BootConfig;
  /** How `serve` works, as the config file said it; absent when it said nothing. */
  serve?: ServeConfig;
}

const text = z.string().min(1);
/** Also part of file names. */
export const nodeName = z.string().refine(isDnsSubdomain, { error: 'is not a node name' });

export const nodeSchema = z.looseObject({
  name: nodeName,
  role: z.enum(['control-plane', 'worker']),
  ssh: z.looseObject({ host: text, user: text.optional(), port: z.int().optional() }),
  ...recordedShape(schema.hostDetails),
  podCidr: z.string().refine((value) => cidrProblem(value) === undefined, { error: 'is not an IPv4 CIDR' }),
});

/** The spec as it is recorded. Loose: keys of a later release survive reading and writing by this one. */
export const specSchema: z.ZodType<ClusterSpec> = z.looseObject({
  name: text,
  kubernetes: text,
  etcd: text,
  cni: text,
  ...recordedShape(schema.clusterWide),
  nodes: z.array(nodeSchema).min(1),
  network: recordedForm(schema.network),
  apiServer: recordedForm(schema.apiServer),
  controllerManager: recordedForm(schema.controllerManager),
  scheduler: recordedForm(schema.scheduler),
  kubelet: recordedForm(schema.kubelet),
  kubeProxy: recordedForm(schema.kubeProxy),
  etcdServer: recordedForm(schema.etcdServer),
  sandboxImage: text,
  addons: z.looseObject({ dns: recordedForm(schema.dns) }),
  // Not in the records of earlier releases, where its defaults held.
  backup: recordedForm(backup).prefault({} as BackupSpec),
  ssh: recordedForm(schema.ssh).optional(),
  boot: recordedForm(boot).optional(),
  serve: recordedForm(serve).optional(),
});

export function controlPlanes(spec: ClusterSpec): NodeSpec[] {
  return spec.nodes.filter((node) => node.role === 'control-plane');
}
