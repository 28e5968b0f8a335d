import { backup } from './backup-schema.js';
import { cidrSize, nthAddress } from './cidr.js';
import { decide } from './decide.js';
import { knownVersion } from './known-version.js';
import * as schema from './schema.js';
import { CONFIG, type ConfigFile } from './schema.js';
import type { Section, Undecided } from './setting.js';
import type { ClusterSpec, NetworkSpec } from './spec.js';
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

/** By convention, and because kubeadm does the same, the DNS service has the 10th address. */
const DNS_ADDRESS_INDEX = 10;

/** Which source decides: decide.ts. Here are the places of the sections in the spec, and what depends on more. */
export function decideSettings(input: SettingsInput): Settings {
  const { file, flags, recorded } = input;
  const replaces = file !== undefined;
  const { row, ...versions } = decideVersions(input);
  const boot = file ? file.boot : recorded?.boot;
  const serve = file ? file.serve : recorded?.serve;
  const ssh = decideSsh({ flags: flags.ssh, file, recorded: recorded?.ssh });
  const plain = <K extends keyof ConfigFile & keyof ClusterSpec, F extends Section>(key: K, section: F) =>
    decide(section, { file: file?.[key] as object, recorded: recorded?.[key] as object, replaces });
  return {
    name: flags.cluster ?? file?.cluster ?? recorded?.name ?? CONFIG.cluster.byDefault,
    ...versions,
    ...decide(schema.clusterWide, { flags, file, recorded, replaces }),
    network: withDnsAddress(plain('network', schema.network)),
    apiServer: plain('apiServer', schema.apiServer),
    controllerManager: plain('controllerManager', schema.controllerManager),
    scheduler: plain('scheduler', schema.scheduler),
    kubelet: plain('kubelet', schema.kubelet),
    kubeProxy: plain('kubeProxy', schema.kubeProxy),
    etcdServer: decide(schema.etcdServer, { file: file?.etcd, recorded: recorded?.etcdServer, replaces }),
    backup: plain('backup', backup),
    addons: { dns: decideDns(input, row) },
    ...(ssh && { ssh }),
    ...(boot && { boot }),
    ...(serve && { serve }),
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

/** In a network too small for it, which the cross checks refuse, the last one. */
function withDnsAddress(network: Undecided<typeof schema.network>): NetworkSpec {
  const { serviceCidr } = network;
  return { dnsAddress: nthAddress(serviceCidr, Math.min(DNS_ADDRESS_INDEX, cidrSize(serviceCidr) - 1)), ...network };
}

function decideDns({ file, recorded, defaults, nodeCount }: SettingsInput, row: VersionRow) {
  const sources = { file: file?.addons?.dns, recorded: recorded?.addons.dns, replaces: file !== undefined };
  const { enabled, image, replicas } = decide(schema.dns, sources);
  return {
    enabled,
    image: image ?? defaults.dnsImage ?? coreDnsImage(row),
    replicas: replicas ?? (nodeCount > 1 ? 2 : 1),
  };
}
