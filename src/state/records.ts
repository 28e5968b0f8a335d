import type { ClusterSpec, NodeSpec } from '../config/spec.js';
import type { UpgradeRecord } from '../config/upgrade-stages.js';
import type { MachineIdentity } from '../node/machine.js';
import type { OperatorMark } from '../node/operator-mark.js';

/** How far a restore is: `restoring` each member's data, `restored` and cleared of what must not come back, `replayed` what the
 * change log has beyond the snapshot, `kept` in a first snapshot of its own. What is `bootstrapped` after that is open to
 * apiservers. */
export type RestorePhase = 'restoring' | 'restored' | 'replayed' | 'kept';

/** What an incarnation began from, other than nothing. */
export interface OriginRecord {
  /** ID of the snapshot. */
  snapshot: string;
  phase: RestorePhase;
  /** A person named it: nothing that the change log has beyond it comes back. */
  alone?: boolean | undefined;
  /** Revisions of this life are above it; decimal. Absent in records of earlier releases. */
  above?: string | undefined;
}

/** What state remembers of one etcd cluster's life. */
export interface EtcdRecord {
  /** Counts the lives of the cluster's etcd data; a bootstrap or a restore starts the next one. 0: none yet. */
  incarnation: number;
  phase: 'none' | 'bootstrapping' | 'bootstrapped';
  /** etcd's initial-cluster-token of this incarnation. */
  token: string;
  /** Node names of the configured members. */
  members: string[];
  /** boot_id of each member at the time its data was created; keyed by node name. */
  bootIds: Record<string, string>;
  /** Absent: it began empty. */
  origin?: OriginRecord | undefined;
  /** Members whose earlier data may go for this incarnation, in the boot it began in. */
  discarded?: string[] | undefined;
  /** The incarnation since which the recorded Kubernetes version runs; absent where it never was another. */
  versionSince?: number | undefined;
}

/** Which PKI a cluster was built with: `SHA256:` and base64 each, nothing secret. */
export interface PkiFingerprints {
  /** By the authority's id. */
  authorities: Record<string, string>;
  serviceAccount: string;
  /** Newest first. */
  encryptionKeys: string[];
  /** Of the users' CA, which is replaced on purpose alone. Absent: none was made yet. */
  usersAuthority?: string | undefined;
}

/**
 * Which of all copies of this state is in use. A copy that is taken into use gets an ID of its own and a higher generation,
 * which machines and etcd then know: of two that say they are it, the lower one stops.
 */
export interface OperatorRecord extends OperatorMark {
  /** It was taken into use as it was then, and may be older than the cluster: until an `up` has ended well. */
  unproven?: true | undefined;
}

/** cluster.yaml of the state directory, without the version of its form (migrations/). */
export interface ClusterRecord {
  /** Random hex, written into node markers so that a foreign cluster is recognised. */
  clusterId: string;
  operator: OperatorRecord;
  spec: ClusterSpec;
  etcd: EtcdRecord;
  /** Not in the records of earlier releases. */
  pki?: PkiFingerprints | undefined;
  /** Nodes that are no part of it any more, and may not have been told so: `remove` goes on with them. */
  leaving?: NodeSpec[] | undefined;
  /** One was begun and is not finished: `spec` has the versions that the cluster's objects go by in its stage. */
  upgrade?: UpgradeRecord | undefined;
}

/** nodes/<name>.json of the state directory, likewise. */
export interface NodeRecord {
  name: string;
  bootId: string;
  hostKey: { type: string; fingerprint: string };
  nodeIp: string;
  arch: string;
  /** Which machine it was; not in the records of earlier releases. */
  machine?: MachineIdentity | undefined;
  /** Its etcd data lay on a disk, which a reboot does not empty. */
  etcdOnDisk?: boolean | undefined;
}
