import type { ClusterRecord } from '../state/records.js';
import type { SnapshotInfo, VersionSayer } from './snapshot-info.js';

export interface StrayVersions {
  kubernetes: string;
  etcd: string;
  said: { kubernetes: VersionSayer; etcd: VersionSayer };
}

export interface StrayVersionsInput {
  /** Of the data. */
  incarnation: number;
  /** As the member said it, without a leading `v`; undefined: it did not answer. */
  member: string | undefined;
  /** Those of the cluster, the newest first. */
  snapshots: readonly SnapshotInfo[];
  record: Pick<ClusterRecord, 'spec' | 'etcd'>;
}

/** What wrote a member's data, which may be of an older life than the recorded one, by whoever knows it best. Pure. */
export function strayVersions({ incarnation, member, snapshots, record }: StrayVersionsInput): StrayVersions {
  const { spec, etcd } = record;
  const ofLife = snapshots.find((each) => each.incarnation === incarnation);
  const isSince = incarnation >= (etcd.versionSince ?? 0);
  const known = (version: string | undefined, recorded: string, isRecorded: boolean): [string, VersionSayer] => {
    if (version !== undefined) return [version, 'snapshot'];
    return [recorded, isRecorded ? 'record' : 'guess'];
  };
  const [kubernetes, kubernetesBy] = known(ofLife?.kubernetes, spec.kubernetes, isSince);
  const isSameLife = isSince && incarnation === etcd.incarnation;
  const [version, versionBy] =
    member === undefined ? known(ofLife?.etcd, spec.etcd, isSameLife) : ([member, 'member'] as const);
  return { kubernetes, etcd: version, said: { kubernetes: kubernetesBy, etcd: versionBy } };
}

/** In a sentence, that what a stray's sidecar says wrote it is assumed; undefined where somebody knew. */
export function assumedVersions({ stray, kubernetes, etcd }: SnapshotInfo): string | undefined {
  if (stray === undefined) return undefined;
  const { versions = { kubernetes: 'guess', etcd: 'guess' } } = stray;
  const assumed = [
    ...(versions.kubernetes === 'guess' ? [`Kubernetes ${kubernetes}`] : []),
    ...(versions.etcd === 'guess' ? [`etcd ${etcd}`] : []),
  ];
  return assumed.length === 0 ? undefined : `that ${assumed.join(' and ')} wrote it is assumed: nobody says so`;
}
