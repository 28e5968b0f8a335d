import type { SnapshotInfo } from '../backup/snapshot-info.js';
import type { LogPosition, LogRecord } from './log-record.js';
import { contentOf, type LogStore, listSegments, type Segment } from './log-store.js';
import { isOfSnapshot } from './segment-header.js';

export interface ReadChainOptions {
  store: LogStore;
  snapshot: SnapshotInfo;
  /** Given what was written after the snapshot, in its order. Values share the memory of the whole segment. */
  each?: (record: LogRecord) => void;
  signal: AbortSignal;
}

/** How far the log goes on from a snapshot. */
export interface Chain {
  /** The last revision that is known to have been kept, if only by the snapshot. */
  revision: number;
  /** When that was told, in milliseconds; undefined: the log has nothing beyond the snapshot. */
  at: number | undefined;
  /** Where it has a hole: what was written behind it is not known, and nothing there is read. */
  hole: Hole | undefined;
  /** Segments that were read. */
  read: Segment[];
}

/** `next`: where it goes on again; undefined: what it held from there on is damaged. */
export interface Hole {
  after: number;
  next: number | undefined;
}

/**
 * Revision by revision from a snapshot on, as far as there is no hole: what is twice there counts once. What a kill cut off
 * is no hole, for nobody was told that it is kept; what is damaged is one, unless a later segment has it all again.
 */
export async function readChain({ store, snapshot, each, signal }: ReadChainOptions): Promise<Chain> {
  const segments = (await listSegments(store)).filter((segment) => isPartOf(segment, snapshot));
  let last: LogPosition = { to: Number(snapshot.revision), at: 0 };
  /** The highest revision of what cannot be read. */
  let damagedTo = 0;
  const read: Segment[] = [];
  const chainTo = ({ to, at }: LogPosition, hole: Chain['hole']): Chain => ({
    revision: to,
    at: at === 0 ? undefined : at,
    hole,
    read,
  });
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    if (next && next.first <= last.to) continue;
    if (segment.first > last.to + 1) return chainTo(last, { after: last.to, next: segment.first });
    signal.throwIfAborted();
    read.push(segment);
    const content = await contentOf(segment);
    damagedTo = Math.max(damagedTo, content.damagedTo ?? 0);
    for (const record of content.records) {
      if (record.to <= last.to) continue;
      if (record.from > last.to + 1) {
        // Whoever wrote it left none: what follows is not what it says.
        damagedTo = Math.max(damagedTo, content.records.at(-1)?.to ?? 0);
        break;
      }
      each?.(record);
      last = record;
    }
  }
  return chainTo(last, damagedTo > last.to ? { after: last.to, next: undefined } : undefined);
}

/** One whose header cannot be read may be: its name says of which incarnation. */
const isPartOf = ({ header, incarnation }: Segment, snapshot: SnapshotInfo): boolean =>
  header === undefined ? incarnation === snapshot.incarnation : isOfSnapshot(header, snapshot);
