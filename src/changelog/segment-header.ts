import { z } from 'zod';
import type { SnapshotInfo } from '../backup/snapshot-info.js';

/** The version of segments that this release reads and writes. */
export const SEGMENT_VERSION = 1;

const decimal = z.string().regex(/^\d+$/);

/** The first content of each segment, as JSON: what it goes on from. */
export const segmentHeaderSchema = z.looseObject({
  version: z.literal(SEGMENT_VERSION),
  /** Of the cluster record. */
  clusterId: z.string().min(1),
  /** etcd's own ID of the cluster, decimal. */
  etcdClusterId: decimal,
  incarnation: z.int().min(1),
  /** The newest snapshot when the log was begun or gone on with. */
  base: z.looseObject({ id: z.string().min(1), sha256: z.string().min(1) }),
  /** The first revision that it holds. */
  first: z.int().min(1),
});

export type SegmentHeader = z.output<typeof segmentHeaderSchema>;

/** Of the same history, and of the very file if it names it. */
export function isOfSnapshot(header: SegmentHeader, snapshot: SnapshotInfo): boolean {
  const { clusterId, etcdClusterId, incarnation, base } = header;
  const isSameEtcd =
    clusterId === snapshot.clusterId &&
    etcdClusterId === snapshot.etcdClusterId &&
    incarnation === snapshot.incarnation;
  return isSameEtcd && (base.id !== snapshot.id || base.sha256 === snapshot.sha256);
}
