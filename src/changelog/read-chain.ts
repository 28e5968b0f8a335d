import type { SnapshotInfo } from '../backup/snapshot-info.js';
import type { LogPosition, LogRecord } from './log-record.js';
import { type LogStore, listSegments, recordsIn } from './log-store.js';
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
  /** Where it goes on after a hole: what was written between is not known, and nothing behind it is read. */
  hole: { after: number; next: number } | undefined;
}

/** Revision by revision from a snapshot on, as far as there is no hole: what is twice there counts once. */
export async function readChain({ store, snapshot, each, signal }: ReadChainOptions): Promise<Chain> {
  const segments = (await listSegments(store)).filter(({ header }) => isOfSnapshot(header, snapshot));
  let last: LogPosition = { to: Number(snapshot.revision), at: 0 };
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    if (next && next.header.first <= last.to + 1) continue;
    const { first } = segment.header;
    if (first > last.to + 1) return chainTo(last, { after: last.to, next: first });
    signal.throwIfAborted();
    for (const record of await recordsIn(segment)) {
      if (record.to <= last.to) continue;
      // Whoever wrote it left none: what follows is not what it says.
      if (record.from > last.to + 1) break;
      each?.(record);
      last = record;
    }
  }
  return chainTo(last, undefined);
}

const chainTo = ({ to, at }: LogPosition, hole: Chain['hole']): Chain => ({
  revision: to,
  at: at === 0 ? undefined : at,
  hole,
});
