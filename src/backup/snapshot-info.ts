import { z } from 'zod';
import type { Position } from '../state/position.js';

/** The version of sidecars that this release reads and writes. */
export const SIDECAR_VERSION = 1;

const decimal = z.string().regex(/^\d+$/);
const count = z.int().min(0);

/**
 * Who said which version wrote a stray: its member, a snapshot of the same incarnation, or what is recorded of that;
 * `guess`: nobody, and the recorded one of another incarnation was taken.
 */
const sayer = z.enum(['member', 'snapshot', 'record', 'guess']);
export type VersionSayer = z.output<typeof sayer>;

/** How a stray was had: as the running member gave it, or as its file; what only its log of writes holds is not in that. */
const straySchema = z.looseObject({
  how: z.enum(['snapshot', 'file']),
  /** Not said by sidecars of earlier releases. */
  versions: z.looseObject({ kubernetes: sayer, etcd: sayer }).optional(),
});

/** Of a snapshot or a stray. */
export const SNAPSHOT_ID = /^\d+-\d+(?:-[a-z0-9][a-z0-9.-]*)?$/;

/**
 * What is known of a snapshot, in a file beside it: `ID.json` beside `ID.db`. Loose: keys of a later release survive.
 */
export const snapshotInfoSchema = z.looseObject({
  version: z.literal(SIDECAR_VERSION),
  /** Name of its files: `INCARNATION-REVISION`, and of a stray `INCARNATION-REVISION-NODE`. */
  id: z.string().regex(SNAPSHOT_ID),
  /** Of the cluster record. */
  clusterId: z.string().min(1),
  /** Which life of the cluster's etcd data it is of. */
  incarnation: z.int().min(0),
  /** etcd's own ID of the cluster, decimal; another one in each incarnation. `0`: nobody was there to say it. */
  etcdClusterId: decimal,
  /** Of the last write in it, as read from the file; decimal. */
  revision: decimal,
  /** Versions that wrote it, without a leading `v`. */
  etcd: z.string().min(1),
  kubernetes: z.string().min(1),
  /** Names of the keys that encrypt values in it. */
  encryptionKeys: z.array(z.string()),
  /** Live keys, and those of them that are objects which a person knows of. */
  keys: count,
  objects: count,
  /** SHA-256 of the database, without the hash that etcd ends the file with. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  sizeBytes: count,
  /** By the operator's clock, ISO 8601: the latest moment of which it is known to hold everything. */
  takenAt: z.iso.datetime(),
  /** Whose member it was taken from. */
  node: z.string().min(1),
  /** What it was taken for, e.g. `up`. */
  reason: z.string().min(1),
  /** It is a copy of one member's data, taken before that goes: whether a quorum ever had all of it, nobody knows. */
  stray: straySchema.optional(),
});

export type SnapshotInfo = z.output<typeof snapshotInfoSchema>;

export function snapshotId({ incarnation, revision }: Position): string {
  return `${incarnation}-${revision}`;
}

/** What a person means: an ID, or the path of a file. */
export const isSnapshotId = (text: string): boolean => SNAPSHOT_ID.test(text);

export function strayId({ incarnation, revision, node }: Position & { node: string }): string {
  return `${snapshotId({ incarnation, revision })}-${node}`;
}

export const isStrayId = (id: string): boolean => /^\d+-\d+-/.test(id);
