import { cidrSize, nthAddress } from './cidr.js';
import { knownVersion } from './known-version.js';
import type { ConfigFile } from './schema.js';
import type { ApiServerSpec, ClusterSpec, NetworkSpec } from './spec.js';
import type { SpecFlags } from './spec-flags.js';
import { decideSsh } from './ssh-settings.js';
import { coreDnsImage, NEWEST, pauseImage, type VersionRow } from './version-table.js';

/** Everything of a spec but its nodes. */
export type Settings = Omit<ClusterSpec, 'nodes'>;

/** What a new cluster gets when neither flag nor file says. Unset ones are those of the version table. */
export interface VersionDefaults {
  /** The newest of the table, or with `--artifacts DIR` the newest that is complete there. */
  kubernetes: string;
  etcd?: string;
  cni?: string;
  sandboxImage?: string;
  dnsImage?: string;
}

export interface SettingsInput {
  file?: ConfigFile;
  flags: Pick<SpecFlags, 'cluster' | 'kubernetes' | 'taintControlPlane' | 'readyTimeout' | 'ssh'>;
  recorded?: ClusterSpec;
  defaults: VersionDefaults;
  nodeCount: number;
}

const GIB = 1024 ** 3;
const NETWORK_DEFAULTS = {
  mode: 'routed',
  podCidr: '10.244.0.0/16',
  nodePrefix: 24,
  serviceCidr: '10.96.0.0/16',
  apiAddress: '169.254.77.1',
  clusterDomain: 'cluster.local',
} as const;
/** By convention, and because kubeadm does the same, the DNS service has the 10th address. */
const DNS_ADDRESS_INDEX = 10;

/**
 * Flags win over the file, the file over the record, the record over defaults. Keys whose default moves from release
 * to release (versions, images, the proxy mode) and what the cluster was built on (the network) fall back to the
 * record even when there is a file; the rest (flags of components, labels, add-ons) is what the file says as soon as
 * there is one, so that a key taken out of it is gone.
 */
export function decideSettings(input: SettingsInput): Settings {
  const { file, flags, recorded, nodeCount } = input;
  /** The record, where a file replaces it as a whole. */
  const before = file ? undefined : recorded;
  const taint = flags.taintControlPlane ?? file?.taintControlPlane ?? before?.taintControlPlane;
  const readyTimeoutMs = flags.readyTimeout ?? file?.readyTimeout ?? before?.readyTimeoutMs;
  const dns = { ...before?.addons.dns, ...file?.addons?.dns };
  const boot = file ? file.boot : recorded?.boot;
  const ssh = decideSsh({ flags: flags.ssh, file, recorded: recorded?.ssh });
  const { row, ...versions } = decideVersions(input);
  return {
    name: flags.cluster ?? file?.cluster ?? recorded?.name ?? 'default',
    ...versions,
    network: decideNetwork(input),
    taintControlPlane: taint ?? false,
    ...(readyTimeoutMs !== undefined && { readyTimeoutMs }),
    apiServer: decideApiServer(file, recorded),
    controllerManager: { extraArgs: file?.controllerManager?.extraArgs ?? before?.controllerManager.extraArgs ?? {} },
    scheduler: { extraArgs: file?.scheduler?.extraArgs ?? before?.scheduler.extraArgs ?? {} },
    kubelet: { extraConfig: file?.kubelet?.extraConfig ?? before?.kubelet.extraConfig ?? {} },
    kubeProxy: { mode: file?.kubeProxy?.mode ?? recorded?.kubeProxy.mode ?? 'iptables' },
    etcdServer: {
      extraArgs: file?.etcd?.extraArgs ?? before?.etcdServer.extraArgs ?? {},
      quotaBackendBytes: file?.etcd?.quotaBackendBytes ?? before?.etcdServer.quotaBackendBytes ?? GIB,
    },
    addons: {
      dns: {
        enabled: dns.enabled ?? true,
        image: dns.image ?? recorded?.addons.dns.image ?? input.defaults.dnsImage ?? coreDnsImage(row),
        replicas: dns.replicas ?? recorded?.addons.dns.replicas ?? (nodeCount > 1 ? 2 : 1),
      },
    },
    ...(ssh && { ssh }),
    ...(boot && { boot }),
  };
}

interface Versions extends Pick<ClusterSpec, 'kubernetes' | 'etcd' | 'cni' | 'sandboxImage'> {
  row: VersionRow;
}

export interface VersionsInput extends Pick<SettingsInput, 'file' | 'recorded' | 'defaults'> {
  flags: Pick<SpecFlags, 'kubernetes'>;
}

/** A version outside the table is for the cross checks to report, together with everything else that is wrong. */
export function decideVersions({ file, flags, recorded, defaults }: VersionsInput): Versions {
  const asked = flags.kubernetes?.replace(/^v/, '') ?? file?.kubernetes;
  const kubernetes = asked ?? recorded?.kubernetes ?? defaults.kubernetes;
  const row = knownVersion(kubernetes) ?? NEWEST;
  return {
    row,
    kubernetes,
    etcd: file?.etcd?.version ?? recorded?.etcd ?? defaults.etcd ?? row.etcd,
    cni: file?.network?.cniVersion ?? recorded?.cni ?? defaults.cni ?? row.cni,
    sandboxImage: file?.sandboxImage ?? recorded?.sandboxImage ?? defaults.sandboxImage ?? pauseImage(row),
  };
}

function decideNetwork({ file, recorded }: SettingsInput): NetworkSpec {
  const { cniVersion: _cniVersion, ...asked } = file?.network ?? {};
  const { nodeCidr: _nodeCidr, mtu: _mtu, manifest: _manifest, ...lasting } = recorded?.network ?? {};
  const base = file ? lasting : recorded?.network;
  const network = { ...NETWORK_DEFAULTS, ...base, ...asked };
  return { dnsAddress: defaultDnsAddress(network.serviceCidr), ...network };
}

/** In a network too small for it, which the cross checks refuse, the last one. */
function defaultDnsAddress(serviceCidr: string): string {
  return nthAddress(serviceCidr, Math.min(DNS_ADDRESS_INDEX, cidrSize(serviceCidr) - 1));
}

function decideApiServer(file: ConfigFile | undefined, recorded: ClusterSpec | undefined): ApiServerSpec {
  const asked = file?.apiServer;
  const before = file ? undefined : recorded?.apiServer;
  const audit = asked?.audit ? { maxSizeMiB: 16, maxBackups: 2, ...asked.audit } : before?.audit;
  return {
    port: asked?.port ?? recorded?.apiServer.port ?? 6443,
    extraSans: asked?.extraSans ?? before?.extraSans ?? [],
    extraArgs: asked?.extraArgs ?? before?.extraArgs ?? {},
    ...(audit && { audit }),
  };
}
