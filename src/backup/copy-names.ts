import { positionOf } from '../state/position.js';
import type { KeptSnapshot } from './retention.js';
import type { SnapshotInfo } from './snapshot-info.js';

/** Whose copies they are: several clusters may share a folder, also under one name. */
export interface CopyOwner {
  /** Name of the cluster. */
  cluster: string;
  clusterId: string;
}

/** e.g. `default.1f0c9a.2-4711.20261130T101530Z.tar.age`: what a folder's retention needs of a copy that is sealed. */
export function copyName({ cluster, clusterId }: CopyOwner, { id, takenAt }: SnapshotInfo, sealed: boolean): string {
  const stamp = `${new Date(takenAt).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
  return `${cluster}.${clusterId}.${id}.${stamp}.tar${sealed ? '.age' : ''}`;
}

const REST = /^(\d+-\d+)\.(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.tar(\.age)?$/;

/** @returns undefined for a name that is none of this owner's copies */
export function parseCopyName({ cluster, clusterId }: CopyOwner, name: string): KeptSnapshot | undefined {
  const prefix = `${cluster}.${clusterId}.`;
  const match = name.startsWith(prefix) ? REST.exec(name.slice(prefix.length)) : null;
  if (!match) return undefined;
  const [, id = '', year, month, day, hour, minute, second] = match;
  return { ...positionOf(id), id, takenAt: `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z` };
}
