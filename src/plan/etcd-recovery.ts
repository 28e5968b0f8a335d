import { newestFirst, type Position, positionOf } from '../state/position.js';
import type { EtcdRecord } from '../state/records.js';
import { nextIncarnation } from './etcd-bootstrap.js';
import { type EtcdFacts, isFit, type MemberFacts, of, type Recovery } from './etcd-facts.js';
import { type EtcdOrders, type Refusal, refused } from './etcd-order-types.js';

/* A life that goes on from what one member holds, where no quorum of it can be made any more. */

/** Data that a life may be made of, and how far it goes. */
export interface Source extends Position {
  /** As a person names it: a member, or a snapshot's ID. */
  name: string;
  isSnapshot?: true;
}

/** As far as their members say how far they are. */
export function knownSources(members: readonly MemberFacts[]): Source[] {
  return members.flatMap(({ name, condition, revision }) =>
    condition.kind === 'data' && condition.incarnation !== undefined && revision !== undefined
      ? [{ name, incarnation: condition.incarnation, revision }]
      : [],
  );
}

/** `m0 (incarnation 3, revision 4711)` */
const sourceText = ({ name, incarnation, revision, isSnapshot }: Source): string =>
  `${isSnapshot ? 'the snapshot ' : ''}${name} (incarnation ${incarnation}, revision ${revision})`;

/** Of each member that has data: how far that goes and when it was written last, as far as that is known. */
export function heldText(members: readonly MemberFacts[]): string {
  const known = knownSources(members).toSorted(newestFirst);
  const place = ({ name }: MemberFacts): number => known.findIndex((source) => source.name === name) >>> 0;
  const held = members.filter(({ condition }) => condition.kind === 'data');
  return held
    .toSorted((one, other) => place(one) - place(other))
    .map(({ name, condition, revision = 'unknown', writtenAt }) => {
      const incarnation = condition.kind === 'data' ? (condition.incarnation ?? 'unknown') : 'unknown';
      const written = writtenAt === undefined ? '' : `, last written ${writtenAt.toISOString()}`;
      return `${name} (incarnation ${incarnation}, revision ${revision}${written})`;
    })
    .join(', ');
}

/** Newer data is never replaced by older without a word. @param sources Of those whose reach is known */
export function refuseNotFurthest({ name, olderData }: Recovery, sources: readonly Source[]): Refusal | undefined {
  const named = sources.find((source) => source.name === name);
  const [furthest] = sources.toSorted(newestFirst);
  if (olderData || named === undefined || furthest === undefined || newestFirst(named, furthest) <= 0) return undefined;
  // A snapshot is what begins where the members' data is given up.
  const members = sources.filter((source) => source.isSnapshot !== true).map((source) => source.name);
  const way = furthest.isSnapshot
    ? `--discard-data ${members.join(',')} keeps a copy of that data, deletes it there and restores the snapshot ${furthest.name}`
    : `--recover-from ${furthest.name} goes on with what ${furthest.name} holds`;
  return refused(
    'recover-older',
    `${sourceText(named)} is not as far as ${sourceText(furthest)}: what was written in between would be lost`,
    `${way}; --recover-from ${name} --older-data goes back to what ${name} holds`,
  );
}

/**
 * What each member holds is kept as a stray, and the next life made of the one that was named. Only where all who may hold
 * data were read, or are lost by a person's word; undefined where the word does not hold.
 */
export function recovery(facts: EtcdFacts, recorded: EtcdRecord): EtcdOrders | Refusal | undefined {
  const { recoverFrom, backup } = facts;
  const data = of(facts, 'data');
  if (recoverFrom === undefined || !data.every(isFit)) return undefined;
  if (!data.some(({ name }) => name === recoverFrom.name)) return undefined;
  const snapshot = backup.kind === 'usable' ? backup.id : undefined;
  const recover = { ...recoverFrom, ...(snapshot !== undefined && { snapshot }) };
  return (
    refuseNotFurthest(recover, [...knownSources(data), ...snapshotSources(recover)]) ??
    nextIncarnation(facts, recorded, 'recovered', recover)
  );
}

/** Its ID says how far it goes. */
export function snapshotSources({ snapshot: name }: { snapshot?: string }): Source[] {
  return name === undefined ? [] : [{ name, ...positionOf(name), isSnapshot: true }];
}
