/** Where data of etcd, or a snapshot, stands in the cluster's history. */
export interface Position {
  /** Which life of the cluster's etcd data it is of. */
  incarnation: number;
  /** Of the last write in it; decimal. */
  revision: string;
}

/** The newest first: by incarnation and revision, never by a clock or a name. */
export function newestFirst(one: Position, other: Position): number {
  if (one.incarnation !== other.incarnation) return other.incarnation - one.incarnation;
  const [ours, theirs] = [BigInt(one.revision), BigInt(other.revision)];
  return ours === theirs ? 0 : ours < theirs ? 1 : -1;
}

/** As the ID of a snapshot says, of one that is not there or cannot be read. */
export function positionOf(id: string): Position {
  const [incarnation, revision = '0'] = id.split('-');
  return { incarnation: Number(incarnation), revision };
}
