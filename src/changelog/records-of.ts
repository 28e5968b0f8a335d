import { DisklessError } from '../errors.js';
import type { WatchAnswer } from '../etcd/watch.js';
import type { WatchEvent } from '../etcd/watch-messages.js';
import { keptOf } from './log-filter.js';
import type { LogRecord } from './log-record.js';

/**
 * What the log keeps of an answer. Every change of etcd's has a revision of its own, and a watch over all keys is told of
 * each: one that is missing was lost on the way.
 *
 * @param after the last revision that is kept
 * @throws DisklessError `log-hole`
 */
export function recordsOf({ events, revision }: WatchAnswer, after: number, at: number): LogRecord[] {
  const records: LogRecord[] = [];
  let last = after;
  for (const [own, changed] of byRevision(events)) {
    if (own !== last + 1) throw hole(last, own);
    last = own;
    const changes = changed.flatMap((event) => keptOf(event) ?? []);
    const span = { from: own, to: own, at };
    records.push(changes.length === 0 ? { kind: 'nothing', ...span } : { kind: 'changes', ...span, changes });
  }
  // Word that there is no more is word of all that was.
  if (events.length === 0 && revision > after) throw hole(after, revision);
  return records;
}

function byRevision(events: readonly WatchEvent[]): Map<number, WatchEvent[]> {
  const found = new Map<number, WatchEvent[]>();
  for (const event of events) {
    const same = found.get(event.revision);
    if (same) same.push(event);
    else found.set(event.revision, [event]);
  }
  return found;
}

function hole(after: number, next: number): DisklessError {
  return new DisklessError({
    code: 'log-hole',
    message: `etcd told of revision ${next} after ${after}: what was written between them is missing in the change log`,
    hint: 'a snapshot makes up for it, and the log begins anew from there',
  });
}
