import { z } from 'zod';
import { HOST_KEY_POLICIES } from '../ssh/host-key.js';
import { bootSection } from './boot-schema.js';
import { parseHosts } from './host-expression.js';
import * as scalar from './scalars.js';

/* The config file. Everything is optional: what is not there is decided by resolve.ts. */

const hostExpression = z.string().superRefine((expression, context) => {
  for (const { position, message, hint } of parseHosts(expression).problems) {
    const text = hint === undefined ? message : `${message} (${hint})`;
    context.addIssue({ code: 'custom', message: text, params: { offset: position } });
  }
});

const host = z.strictObject({
  name: scalar.nodeName.describe('Node name: RFC 1123, lower case, kept for the life of the cluster.'),
  address: scalar.sshHost
    .optional()
    .describe('SSH destination: an address, a DNS name or an alias of the SSH config. Default: the name.'),
  user: scalar.sshUser.optional().describe('SSH user. Default: ssh.user, else what the SSH config says.'),
  port: scalar.port.optional().describe('SSH port. Default: what the SSH config says.'),
  nodeIp: scalar.address
    .optional()
    .describe(
      'Address of the node in the cluster. Default: the one inside network.nodeCidr, else the one SSH arrives at.',
    ),
  role: z
    .enum(['control-plane', 'worker'])
    .optional()
    .describe('Role of the node. Default: chosen when the cluster is created, then kept.'),
  hostKeys: z
    .array(scalar.fingerprint)
    .min(1)
    .optional()
    .describe('Pinned host keys, as `ssh-keygen -lf` prints their fingerprints.'),
  labels: scalar.labels.optional().describe('Additional labels of the Node object.'),
  mac: scalar.macAddress.optional().describe('MAC address the machine boots from.'),
});

const network = z.strictObject({
  mode: z
    .enum(['routed', 'vxlan', 'manifest'])
    .optional()
    .describe(
      'Pod network. routed: all nodes in one L2 segment; vxlan: in several; manifest: your own CNI. Default: routed.',
    ),
  manifest: z.string().min(1).optional().describe('With mode manifest: path or https URL of the CNI manifest.'),
  podCidr: scalar.cidr.optional().describe('Network of all pods. Default: 10.244.0.0/16.'),
  nodePrefix: z.int().min(8).max(28).optional().describe("Prefix length of each node's slice of podCidr. Default: 24."),
  serviceCidr: scalar.cidr.optional().describe('Network of ClusterIPs. Default: 10.96.0.0/16.'),
  nodeCidr: scalar.cidr.optional().describe('Node IPs are taken from inside this network.'),
  apiAddress: scalar.address
    .optional()
    .describe('Address on every node by which its components reach the API. Default: 169.254.77.1.'),
  clusterDomain: scalar.domain.optional().describe('DNS domain of the cluster. Default: cluster.local.'),
  dnsAddress: scalar.address.optional().describe('ClusterIP of the DNS service. Default: the 10th of serviceCidr.'),
  mtu: z.int().min(576).max(65535).optional().describe("Pod MTU. Default: derived from each node's interface."),
  cniVersion: scalar.version.optional().describe('Version of the CNI plugins. Default: chosen like etcd.version.'),
});

const audit = z.strictObject({
  policy: z.string().min(1).describe('Path of an audit policy (audit.k8s.io/v1).'),
  maxSizeMiB: z.int().min(1).optional().describe('Size at which the log is rotated; it lies in RAM. Default: 16.'),
  maxBackups: z.int().min(1).optional().describe('Rotated logs kept. Default: 2.'),
});

const apiServer = z.strictObject({
  port: scalar.port.optional().describe('Port of kube-apiserver. Default: 6443.'),
  extraSans: z
    .array(scalar.subjectAltName)
    .optional()
    .describe('Names and addresses added to the serving certificate.'),
  extraArgs: scalar.flagArguments.optional().describe('Further flags of kube-apiserver, without dashes in front.'),
  audit: audit.optional().describe('Audit log; without this section there is none.'),
});

const extraArgsOnly = (component: string) =>
  z.strictObject({
    extraArgs: scalar.flagArguments.optional().describe(`Further flags of ${component}, without dashes in front.`),
  });

const etcd = extraArgsOnly('etcd').extend({
  version: scalar.version
    .optional()
    .describe('Version of etcd. Default: that of the artifacts directory, else the one listed for this Kubernetes.'),
  quotaBackendBytes: z
    .int()
    .min(16 * 1024 * 1024)
    .optional()
    .describe("Size limit of etcd's data in bytes. Default: 1 GiB."),
});

const dns = z.strictObject({
  enabled: z.boolean().optional().describe('Install CoreDNS. Default: true.'),
  image: z
    .string()
    .min(1)
    .optional()
    .describe('Image of CoreDNS. Default: the CoreDNS release of this Kubernetes version.'),
  replicas: z.int().min(1).optional().describe('Replicas of CoreDNS. Default: 2, with a single node 1.'),
});

const ssh = z.strictObject({
  configFile: z.string().min(1).optional().describe('SSH config file. Default: ~/.ssh/config.'),
  user: scalar.sshUser.optional().describe('User of hosts that name none.'),
  connectTimeout: scalar.duration
    .optional()
    .describe('Time limit for connecting to a host. Default: ConnectTimeout of the SSH config, else 5s.'),
  hostKeyPolicy: z
    .enum(HOST_KEY_POLICIES)
    .optional()
    .describe('How host keys are trusted. Default: the recorded policy, else per-boot.'),
});

export const configSchema = z.strictObject({
  cluster: scalar.clusterName.optional().describe('Name of the cluster on the operator. Default: default.'),
  kubernetes: scalar.version
    .optional()
    .describe('Kubernetes version. Default: the newest complete in the artifacts directory, else the newest known.'),
  hosts: z
    .array(z.union([hostExpression, host]))
    .min(1)
    .optional()
    .describe('The nodes: objects, or expressions as of --hosts: s4, s[4-6], name=user@host:port.'),
  controlPlane: z
    .array(scalar.nodeName)
    .min(1)
    .optional()
    .describe(
      'Names of the control planes: 1, 3, 5 or 7. Default: of three hosts or more the first three, else the first.',
    ),
  taintControlPlane: z.boolean().optional().describe('Keep ordinary pods off control planes. Default: false.'),
  readyTimeout: scalar.duration
    .optional()
    .describe('Time that components, API and nodes have to work once they are started. Default: 3m.'),
  network: network.optional(),
  apiServer: apiServer.optional(),
  controllerManager: extraArgsOnly('kube-controller-manager').optional(),
  scheduler: extraArgsOnly('kube-scheduler').optional(),
  kubelet: z
    .strictObject({
      extraConfig: z.record(z.string(), z.unknown()).optional().describe('Merged into KubeletConfiguration.'),
    })
    .optional(),
  kubeProxy: z
    .strictObject({
      mode: z.enum(['iptables', 'nftables', 'ipvs']).optional().describe('Mode of kube-proxy. Default: iptables.'),
    })
    .optional(),
  etcd: etcd.optional(),
  addons: z.strictObject({ dns: dns.optional() }).optional(),
  ssh: ssh.optional(),
  boot: bootSection.optional(),
  artifacts: z
    .string()
    .min(1)
    .optional()
    .describe('Directory, or URL of a mirror, in the layout of the upstream servers. Default: the upstream servers.'),
  images: z.string().min(1).optional().describe('Directory of image archives imported on every node.'),
  sandboxImage: z
    .string()
    .min(1)
    .optional()
    .describe('Image of the pod sandbox. Default: the pause image of this version.'),
});

/** A valid config file, transformed: versions without `v`, durations in milliseconds. */
export type ConfigFile = z.output<typeof configSchema>;
export type HostObject = z.output<typeof host>;
