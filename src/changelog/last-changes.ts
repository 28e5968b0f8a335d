import type { KeyChange } from '../etcd/key-values.js';
import { isLasting } from './log-filter.js';
import type { LogRecord } from './log-record.js';

/** As etcd allows by itself: `--max-txn-ops`, and less than `--max-request-bytes`. */
const MOST_CHANGES = 128;
const MOST_BYTES = 1024 * 1024;

/** What a row of records comes to: of each key the last that happened to it. */
export class LastChanges {
  readonly #last = new Map<string, KeyChange>();

  add(record: LogRecord): void {
    if (record.kind === 'nothing') return;
    for (const change of record.changes) {
      if (!isLasting(change.key)) continue;
      // What is kept must not keep the whole segment.
      this.#last.set(change.key, change.kind === 'put' ? { ...change, value: Buffer.from(change.value) } : change);
    }
  }

  count(kind: KeyChange['kind']): number {
    return [...this.#last.values()].filter((change) => change.kind === kind).length;
  }

  batches(): Generator<KeyChange[]> {
    return inBatches(this.#last.values());
  }
}

/** As much of them at a time as one transaction may hold. */
export function* inBatches(changes: Iterable<KeyChange>): Generator<KeyChange[]> {
  let batch: KeyChange[] = [];
  let bytes = 0;
  for (const change of changes) {
    const size = change.key.length + (change.kind === 'put' ? change.value.length : 0);
    if (batch.length > 0 && (batch.length === MOST_CHANGES || bytes + size > MOST_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(change);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
