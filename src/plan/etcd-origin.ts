import type { EtcdRecord } from '../state/records.js';
import type { Backup, EtcdFacts } from './etcd-facts.js';
import { type EtcdOrders, type Refusal, refused } from './etcd-order-types.js';

/*
 * What the next life of etcd's data begins from. A cluster that had a past is never begun empty but by a person's word:
 * "there are no snapshots" and "they cannot be read" are two things.
 */

/** A snapshot's ID; undefined: from nothing. */
export type Origin = { from: string | undefined };

/** In the place of a life of which no data is left, or whose data was given up. */
export function nextOrigin(facts: EtcdFacts, recorded: EtcdRecord): Origin | Refusal {
  const { backup, beginning } = facts;
  if (beginning === 'empty' || backup.kind === 'none') return { from: undefined };
  if (backup.kind === 'unusable') return unusable(facts, backup);
  if (beginning === undefined && backup.incarnation < recorded.incarnation) return ofOlderLife(facts, backup, recorded);
  return { from: backup.id };
}

/** In the place of a beginning that never finished: as that one did, unless a person says otherwise. */
export function sameOrigin(facts: EtcdFacts, { origin }: EtcdRecord): Origin | Refusal {
  const { backup, beginning } = facts;
  const isEmpty = beginning === undefined ? origin === undefined : beginning === 'empty';
  if (isEmpty) return { from: undefined };
  if (backup.kind === 'unusable') return unusable(facts, backup);
  return { from: backup.kind === 'usable' ? backup.id : undefined };
}

/** Whether a person's word, if any was given, is what the recorded life was begun with. */
export function isSameBeginning({ backup, beginning }: EtcdFacts, { origin }: EtcdRecord): boolean {
  if (beginning === undefined) return true;
  if (beginning === 'empty') return origin === undefined;
  // What the change log has beyond it was not asked for.
  return backup.kind === 'usable' && origin?.snapshot === backup.id && origin.alone === true;
}

/** What `--discard-data` begins with, and the flag that has to be said besides. */
export function nextBeginning(facts: EtcdFacts, recorded: EtcdRecord): { flag: string; what: string } {
  const { backup } = facts;
  const origin = nextOrigin(facts, recorded);
  const from = 'code' in origin ? undefined : origin.from;
  if (from !== undefined) return { flag: '', what: `restores the snapshot ${from}` };
  if (!('code' in origin)) return { flag: '', what: 'starts empty' };
  // An older life is a way back; what cannot be restored is told of when nothing else is in the way.
  if (backup.kind === 'usable') return { flag: ` --snapshot ${backup.id}`, what: 'goes back to that snapshot' };
  return { flag: ' --empty', what: 'starts empty' };
}

function unusable(facts: EtcdFacts, { why, ways, older }: Extract<Backup, { kind: 'unusable' }>): Refusal {
  const words = wordsOf(facts);
  const back =
    older && `${words}--snapshot ${older.id} takes the one of ${older.takenAt}: what was written after it is lost; `;
  return refused(
    'snapshot-unusable',
    `${lossOf(facts)}, and it cannot be restored: ${why}`,
    `${ways}; ${back ?? ''}${words}--empty begins without it: all objects are gone then`,
  );
}

/** What was written in a life that began after it is in no snapshot; whether it matters, a person knows. */
function ofOlderLife(facts: EtcdFacts, backup: { id: string; incarnation: number }, recorded: EtcdRecord): Refusal {
  const { id, incarnation } = backup;
  return refused(
    'snapshot-older-life',
    `${lossOf(facts)}; incarnation ${recorded.incarnation} was never kept, and the newest snapshot, ${id}, is of incarnation ${incarnation}`,
    `${wordsOf(facts)}--snapshot ${id} goes back to that one; ${wordsOf(facts)}--empty begins without it`,
  );
}

function lossOf({ members, discardData }: EtcdFacts): string {
  const given = members.filter(({ condition }) => condition.kind === 'data').map(({ name }) => name);
  return given.some((name) => discardData.has(name))
    ? `the data of ${given.join(', ')} is given up`
    : "no control plane has the cluster's data";
}

/** What a person has said already, which has to be said with what is asked for now. */
function wordsOf({ members, discardData }: EtcdFacts): string {
  const lost = members.flatMap(({ name, condition }) =>
    condition.kind === 'unreachable' && condition.lost ? [name] : [],
  );
  const discarded = discardData.size > 0 ? `--discard-data ${[...discardData].join(',')} ` : '';
  return `${discarded}${lost.length > 0 ? `--lost ${lost.join(',')} ` : ''}`;
}

/** It is a word for a life that begins: over data that lives nothing is restored, and nothing begun. */
export function refuseUnasked({ beginning, members }: EtcdFacts, orders: EtcdOrders): Refusal | undefined {
  if (beginning === undefined || orders.code === 'bootstrap' || orders.code === 'resume-bootstrap') return undefined;
  const flag = beginning === 'empty' ? '--empty' : '--snapshot';
  const holders = members.filter(({ condition }) => condition.kind === 'data').map(({ name }) => name);
  return refused(
    'snapshot-unasked',
    `${flag} is for control planes that have all lost their data, and ${holders.join(', ')} ${holders.length === 1 ? 'holds' : 'hold'} the cluster's`,
    `leave ${flag} away; or reboot ${holders.join(', ')} if that data may go, and run the same command again`,
  );
}
