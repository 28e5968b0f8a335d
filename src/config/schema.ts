import { z } from 'zod';
import { withHint } from '../errors.js';
import { HOST_KEY_POLICIES } from '../ssh/host-key.js';
import { backup } from './backup-schema.js';
import { boot } from './boot-schema.js';
import { parseHosts } from './host-expression.js';
import * as scalar from './scalars.js';
import { serve } from './serve-schema.js';
import { askedForm, type Section, setting } from './setting.js';

/*
 * Every setting of the config file, each described once; everything is optional but where `required` says otherwise.
 * After a change here `npm run docs` writes its row of docs/config.md.
 */

const PODS = 'running pods and routes use it';
const CLIENTS = 'components, certificates and kubeconfigs in use name it';

const hostExpression = z.string().superRefine((expression, context) => {
  for (const { position, message, hint } of parseHosts(expression).problems) {
    const text = withHint(message, hint);
    context.addIssue({ code: 'custom', message: text, params: { offset: position } });
  }
});

const hostAccess = {
  name: setting(scalar.nodeName, {
    required: true,
    text: 'Node name: RFC 1123, lower case, kept for the life of the cluster.',
  }),
  address: setting(scalar.sshHost, {
    text: 'SSH destination: an address, a DNS name or an alias of the SSH config.',
    otherwise: 'the name',
  }),
  user: setting(scalar.sshUser, { text: 'SSH user.', otherwise: 'ssh.user, else what the SSH config says' }),
  port: setting(scalar.port, { text: 'SSH port.', otherwise: 'what the SSH config says' }),
  role: setting(z.enum(['control-plane', 'worker']), {
    text: 'Role of the node.',
    otherwise: 'chosen when the cluster is created, then kept',
  }),
} satisfies Section;

/** What the spec keeps of a host as it is. */
export const hostDetails = {
  nodeIp: setting(scalar.address, {
    text: 'Address of the node in the cluster.',
    otherwise: 'the one inside network.nodeCidr, else the one SSH arrives at',
  }),
  hostKeys: setting(z.array(scalar.fingerprint).min(1), {
    type: 'list of `SHA256:…`',
    text: 'Pinned host keys, as `ssh-keygen -lf` prints their fingerprints.',
  }),
  labels: setting(scalar.labels, { text: 'Additional labels of the Node object.', byDefault: {} }),
  taints: setting(z.array(scalar.taint), {
    type: 'list of `key=value:Effect`',
    text: 'Additional taints of the Node object.',
  }),
  mac: setting(scalar.macAddress, { text: 'MAC address the machine boots from.' }),
} satisfies Section;

const host = { ...hostAccess, ...hostDetails };
const hostObject = askedForm(host);
export type HostObject = z.output<typeof hostObject>;

const identity = {
  cluster: setting(scalar.clusterName, {
    heading: 'General',
    text: 'Name of the cluster on the operator.',
    byDefault: 'default',
    keeps: 'the state directory belongs to one cluster',
  }),
  kubernetes: setting(scalar.version, {
    text: 'Kubernetes version.',
    chosen: 'the newest complete in the artifacts directory, else the newest known',
  }),
} satisfies Section;

const roles = {
  hosts: setting(z.array(z.union([hostExpression, hostObject])).min(1), {
    heading: 'Hosts and roles',
    type: 'list of texts or objects',
    text: 'The nodes: objects, or expressions as of --hosts: s4, s[4-6], name=user@host:port.',
    items: host,
  }),
  controlPlane: setting(z.array(scalar.nodeName).min(1), {
    type: 'list of node names',
    text: 'Names of the control planes: 1, 3, 5 or 7.',
    otherwise: 'of three hosts or more the first three, else the first',
  }),
} satisfies Section;

/** Those that stand at the top of the file and of the spec. */
export const clusterWide = {
  taintControlPlane: setting(z.boolean(), { text: 'Keep ordinary pods off control planes.', byDefault: false }),
  readyTimeout: setting(scalar.duration, {
    text: 'Time that components, API and nodes have to work once they are started.',
    // An emulated processor needs 34 s for an apiserver's post-start hooks alone.
    byDefault: 180_000,
    shown: '3m',
  }),
} satisfies Section;

export const network = {
  mode: setting(z.enum(['routed', 'vxlan', 'manifest']), {
    heading: 'Network',
    text: 'Pod network. routed: all nodes in one L2 segment; vxlan: in several; manifest: your own CNI.',
    byDefault: 'routed',
    keeps: PODS,
  }),
  manifest: setting(scalar.pathOrUrl, { text: 'With mode manifest: path or https URL of the CNI manifest.' }),
  podCidr: setting(scalar.cidr, { text: 'Network of all pods.', byDefault: '10.244.0.0/16', keeps: PODS }),
  nodePrefix: setting(z.int().min(8).max(28), {
    text: "Prefix length of each node's slice of podCidr.",
    byDefault: 24,
    keeps: PODS,
  }),
  serviceCidr: setting(scalar.cidr, {
    type: 'IPv4 CIDR, /12 to /28',
    text: 'Network of ClusterIPs.',
    byDefault: '10.96.0.0/16',
    keeps: 'its services hold addresses of it',
  }),
  nodeCidr: setting(scalar.cidr, { text: 'Node IPs are taken from inside this network.' }),
  apiAddress: setting(scalar.address, {
    text: 'Address on every node by which its components reach the API.',
    byDefault: '169.254.77.1',
    keeps: CLIENTS,
  }),
  clusterDomain: setting(scalar.domain, {
    text: 'DNS domain of the cluster.',
    byDefault: 'cluster.local',
    keeps: 'running pods ask for its names',
  }),
  dnsAddress: setting(scalar.address, {
    text: 'ClusterIP of the DNS service.',
    chosen: 'the 10th of serviceCidr',
    keeps: 'running pods ask it for names',
  }),
  mtu: setting(z.int().min(576).max(65535), {
    text: 'Pod MTU.',
    otherwise: "derived from each node's interface",
  }),
} satisfies Section;

const audit = {
  policy: setting(scalar.path, {
    required: true,
    type: 'path, required with `audit`',
    text: 'Path of an audit policy (audit.k8s.io/v1).',
  }),
  maxSizeMiB: setting(z.int().min(1), {
    text: 'Size at which the log is rotated; it lies in RAM.',
    byDefault: 16,
  }),
  maxBackups: setting(z.int().min(1), { text: 'Rotated logs kept.', byDefault: 2 }),
} satisfies Section;

const extraArgs = (component: string) =>
  setting(scalar.flagArguments, {
    text: `Further flags of ${component}, without dashes in front.`,
    byDefault: {},
  });

export const apiServer = {
  port: setting(scalar.port, {
    heading: 'Components',
    text: 'Port of kube-apiserver.',
    byDefault: 6443,
    keeps: CLIENTS,
  }),
  extraSans: setting(z.array(scalar.subjectAltName), {
    type: 'list of names and addresses',
    text: 'Names and addresses added to the serving certificate.',
    byDefault: [],
  }),
  extraArgs: extraArgs('kube-apiserver'),
  /** Without this section there is none; it lies on the node's RAM disk. */
  audit,
} satisfies Section;

export const controllerManager = { extraArgs: extraArgs('kube-controller-manager') } satisfies Section;
export const scheduler = { extraArgs: extraArgs('kube-scheduler') } satisfies Section;

export const kubelet = {
  extraConfig: setting(z.record(z.string(), z.unknown()).meta({ title: 'map' }), {
    text: 'Merged into KubeletConfiguration.',
    byDefault: {},
  }),
} satisfies Section;

export const kubeProxy = {
  mode: setting(z.enum(['iptables', 'nftables', 'ipvs']), {
    text: 'Mode of kube-proxy.',
    byDefault: 'iptables',
    keeps: 'the rules of the old mode would stay in place',
  }),
} satisfies Section;

export const etcdServer = {
  extraArgs: extraArgs('etcd'),
  quotaBackendBytes: setting(z.int().min(16 * 1024 * 1024), {
    text: "Size limit of etcd's data in bytes.",
    byDefault: 1024 ** 3,
    shown: '1 GiB',
  }),
} satisfies Section;

/** Versions and images that go with a version: their defaults are the version table's, see settings.ts. */
const versions = {
  cni: setting(scalar.version, { text: 'Version of the CNI plugins.', chosen: 'chosen like etcd.version' }),
  etcd: setting(scalar.version, {
    text: 'Version of etcd.',
    chosen: 'that of the artifacts directory, else the one listed for this Kubernetes',
  }),
  sandboxImage: setting(scalar.image, {
    text: 'Image of the pod sandbox.',
    chosen: 'the pause image of this version',
  }),
} satisfies Section;

export const dns = {
  enabled: setting(z.boolean(), { heading: 'Add-ons', text: 'Install CoreDNS.', byDefault: true }),
  image: setting(scalar.image, {
    text: 'Image of CoreDNS.',
    chosen: 'the CoreDNS release of this Kubernetes version',
    keeps: true,
  }),
  replicas: setting(z.int().min(1), {
    text: 'Replicas of CoreDNS.',
    chosen: '2, with a single node 1',
    keeps: true,
  }),
} satisfies Section;

export const ssh = {
  configFile: setting(scalar.path, { heading: 'SSH', text: 'SSH config file.', otherwise: '~/.ssh/config' }),
  user: setting(scalar.sshUser, { text: 'User of hosts that name none.' }),
  connectTimeout: setting(scalar.duration, {
    text: 'Time limit for connecting to a host.',
    otherwise: 'ConnectTimeout of the SSH config, else 5s',
  }),
  /** A file that does not speak of it must not turn `strict` into trust on first use. */
  hostKeyPolicy: setting(z.enum(HOST_KEY_POLICIES), {
    text: 'How host keys are trusted.',
    otherwise: 'the recorded policy, else per-boot',
    keeps: true,
  }),
} satisfies Section;

const content = {
  artifacts: setting(scalar.pathOrUrl, {
    heading: 'Binaries and images',
    text: 'Directory, or URL of a mirror, in the layout of the upstream servers.',
    otherwise: 'the upstream servers',
  }),
  images: setting(scalar.path, { text: 'Directory of image archives imported on every node.' }),
} satisfies Section;

/** The config file. */
export const CONFIG = {
  ...identity,
  ...roles,
  ...clusterWide,
  network: { ...network, cniVersion: versions.cni },
  apiServer,
  controllerManager,
  scheduler,
  kubelet,
  kubeProxy,
  etcd: { ...etcdServer, version: versions.etcd },
  addons: { dns },
  backup,
  ssh,
  boot,
  serve,
  ...content,
  sandboxImage: versions.sandboxImage,
} satisfies Section;

export const configSchema = askedForm(CONFIG);

/** A valid config file, transformed: versions without `v`, durations in milliseconds. */
export type ConfigFile = z.output<typeof configSchema>;
