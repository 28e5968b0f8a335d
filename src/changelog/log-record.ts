import type { KeyChange } from '../etcd/key-values.js';

/** What the log keeps of etcd's revisions, one after another without a hole. */
export type LogRecord =
  /** One revision, as far as it is kept. */
  | { kind: 'changes'; from: number; to: number; at: number; changes: KeyChange[] }
  /** Revisions of which nothing is kept. */
  | { kind: 'nothing'; from: number; to: number; at: number };

/** How far it goes, and when that was told, by the operator's clock in milliseconds. */
export type LogPosition = Pick<LogRecord, 'to' | 'at'>;

const NOTHING = 0;
const CHANGES = 1;
/** Exact up to 2^48. */
const NUMBER_BYTES = 6;
const HEAD_BYTES = 1 + 3 * NUMBER_BYTES;
const DELETE = 0;
const PUT = 1;
/** Its kind, and the lengths of key and value. */
const CHANGE_HEAD_BYTES = 9;

export function encodeRecord(record: LogRecord): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head[0] = record.kind === 'changes' ? CHANGES : NOTHING;
  for (const [index, number] of [record.from, record.to, record.at].entries())
    head.writeUIntBE(number, 1 + index * NUMBER_BYTES, NUMBER_BYTES);
  return record.kind === 'nothing' ? head : Buffer.concat([head, ...record.changes.flatMap(encodeChange)]);
}

function encodeChange(change: KeyChange): Buffer[] {
  const key = Buffer.from(change.key, 'latin1');
  const value = change.kind === 'put' ? change.value : Buffer.alloc(0);
  const head = Buffer.alloc(CHANGE_HEAD_BYTES);
  head[0] = change.kind === 'put' ? PUT : DELETE;
  head.writeUInt32BE(key.length, 1);
  head.writeUInt32BE(value.length, 5);
  return [head, key, value];
}

/** Undefined where it is none, or of a later release. Values share the memory of `content`. */
export function decodeRecord(content: Buffer): LogRecord | undefined {
  if (content.length < HEAD_BYTES) return undefined;
  const number = (index: number): number => content.readUIntBE(1 + index * NUMBER_BYTES, NUMBER_BYTES);
  const span = { from: number(0), to: number(1), at: number(2) };
  if (span.to < span.from) return undefined;
  if (content[0] === NOTHING) return { kind: 'nothing', ...span };
  const changes = content[0] === CHANGES ? decodeChanges(content) : undefined;
  return changes && { kind: 'changes', ...span, changes };
}

/** Whether it begins as a record that follows a revision does: read where nobody knows whether one is there. */
export function isLikelyAfter(content: Buffer, revision: number): boolean {
  if (content.length < HEAD_BYTES || (content[0] !== NOTHING && content[0] !== CHANGES)) return false;
  const from = content.readUIntBE(1, NUMBER_BYTES);
  return from > revision && from - revision < 2 ** 32;
}

function decodeChanges(content: Buffer): KeyChange[] | undefined {
  const changes: KeyChange[] = [];
  let at = HEAD_BYTES;
  while (at + CHANGE_HEAD_BYTES <= content.length) {
    const keyStart = at + CHANGE_HEAD_BYTES;
    const valueStart = keyStart + content.readUInt32BE(at + 1);
    const end = valueStart + content.readUInt32BE(at + 5);
    const key = content.toString('latin1', keyStart, valueStart);
    const value = content.subarray(valueStart, end);
    changes.push(content[at] === PUT ? { kind: 'put', key, value } : { kind: 'delete', key });
    at = end;
  }
  return at === content.length ? changes : undefined;
}
