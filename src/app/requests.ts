import type { UpgradingTo } from '../config/held-versions.js';
import type { SpecFlags } from '../config/spec-flags.js';
import type { UnsealAsked } from '../sealed/open-sealed.js';
import type { HostKeyPolicy } from '../ssh/host-key.js';

/* What use cases are asked for: plain values, whoever asks. */

/** Which cluster. */
export interface StateRequest {
  /** Default: `default`. */
  cluster?: string | undefined;
  /** Directory of this one cluster's state. */
  stateDir?: string;
}

/** Where binaries come from. */
export interface SourceRequest {
  /** Directory in the layout of the upstream mirror. */
  artifacts?: string;
  /** URL */
  mirror?: string;
}

/** How nodes are reached. */
export interface SshRequest {
  sshConfig?: string;
  hostKeyPolicy?: HostKeyPolicy;
  /** Seconds. */
  connectTimeout?: number;
}

/** What a cluster shall be; what is not said is as the file or the record has it. */
export interface ClusterRequest extends StateRequest, SourceRequest, SshRequest, Omit<SpecFlags, 'ssh'> {
  /** Path of a cluster config file. */
  config?: string;
  /** Directory of image archives. */
  images?: string;
  dnsImage?: string;
  /** Names of control planes that are off and have lost their data, by a person's word. */
  lost?: string;
  /** Names of control planes whose etcd data may go, by a person's word; `true`: without names, which is refused. */
  discardData?: string | true;
  /** Name of the control plane whose etcd data the next life is made of, by a person's word. */
  recoverFrom?: string;
  /** Even where another one has newer data. */
  olderData?: boolean;
  /** ID of the snapshot that the cluster is to be restored from, or path of a file with one, by a person's word. */
  snapshot?: string;
  /** What opens that file; asked only where it is sealed. */
  unsealSnapshot?: UnsealAsked;
  /** It is to begin without what is kept of it, by a person's word. */
  empty?: boolean;
  /** A person asks for an empty cluster in the place of the recorded one. */
  newCluster: boolean;
  /** The run makes sure that the cluster works, before an upgrade that leads there. */
  upgradingTo?: UpgradingTo;
  /** Hash every installed file instead of trusting unchanged size, inode and times. */
  verify: boolean;
  /** How long machines that do not answer yet are asked on, in milliseconds. */
  wait?: number;
}
