import { entriesOf } from './buckets.js';
import type { CheckedDatabase } from './check-pages.js';
import { damaged } from './damaged.js';

export interface FileMember {
  /** Decimal, as everywhere; in the file it is hexadecimal. */
  id: string;
  name: string;
  peerUrls: string[];
  isLearner: boolean;
}

/** Whom a database knows as members, and which version they have agreed on. */
export interface FileMembership {
  /** Of the cluster, e.g. `3.7.0`: no older etcd starts from this file. Undefined before it was agreed on, and after a restore. */
  clusterVersion: string | undefined;
  /** Whether the cluster was on its way to an older version. */
  downgrade: { enabled: boolean; targetVersion: string };
  members: FileMember[];
  /** IDs of members that were removed and may not come back. */
  removedMembers: string[];
}

interface RawMember {
  name?: string;
  peerURLs?: string[] | null;
  isLearner?: boolean;
}

interface RawDowngrade {
  'target-version'?: string;
  enabled?: boolean;
}

export function readMembership(database: CheckedDatabase): FileMembership {
  const cluster = new Map(entriesOf(database, 'cluster').map((entry) => [entry.key.toString('latin1'), entry]));
  const downgrade = cluster.get('downgrade');
  const { 'target-version': targetVersion = '', enabled = false }: RawDowngrade =
    downgrade === undefined ? {} : parse<RawDowngrade>(downgrade);
  return {
    clusterVersion: cluster.get('clusterVersion')?.value.toString('utf8'),
    downgrade: { enabled, targetVersion },
    members: entriesOf(database, 'members').map((entry) => {
      const { name = '', peerURLs, isLearner = false } = parse<RawMember>(entry);
      return { id: memberId(entry), name, peerUrls: peerURLs ?? [], isLearner };
    }),
    removedMembers: entriesOf(database, 'members_removed').map(memberId),
  };
}

type Entry = ReturnType<typeof entriesOf>[number];

function memberId({ key, place }: Entry): string {
  const text = key.toString('latin1');
  if (!/^[0-9a-f]{1,16}$/.test(text)) throw damaged(place, `has ${JSON.stringify(text)} as the ID of a member`);
  return String(BigInt(`0x${text}`));
}

/** Its numbers lose digits; no number is taken from it. */
function parse<T>({ value, place }: Entry): T {
  try {
    const thing: unknown = JSON.parse(value.toString('utf8'));
    if (typeof thing === 'object' && thing !== null) return thing as T;
  } catch (error) {
    throw damaged(place, 'has an entry of the membership that is no JSON', error);
  }
  throw damaged(place, 'has an entry of the membership that is no object');
}
