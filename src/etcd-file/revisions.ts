import { ProtobufReader } from '../etcd/protobuf.js';
import { type Leaf, readValue } from './buckets.js';
import { damaged } from './damaged.js';
import type { LeafElement } from './elements.js';
import { unsignedBe } from './unsigned.js';

/** One change: a put, a delete, or what a restore wrote to begin at a higher revision, which has no key. */
export interface Change {
  kind: 'put' | 'delete' | 'bump';
  /** Byte for byte as Latin-1: etcd's keys are bytes, and so they keep their order. */
  key: string;
  /** Of the put value, in the bytes of `entry`. */
  valueStart: number;
  valueEnd: number;
  /** mvccpb.KeyValue. */
  entry: Buffer;
}

/** Main revision (8 bytes, the most significant first), `_`, sub-revision (8); a delete has a `t` behind it. */
const REVISION_BYTES = 17;
const SEPARATOR = '_'.charCodeAt(0);
const TOMBSTONE = 't'.charCodeAt(0);
const FIELD = { key: 1, modRevision: 3, value: 5 } as const;
/** etcd itself takes requests of 1.5 MB at most. */
const LARGEST_ENTRY_BYTES = 128 * 1024 * 1024;

/** Throws `snapshot-damaged` for what etcd would not have written. */
export function readChange(page: Leaf['page'], element: LeafElement): Change {
  const isTombstone = isTombstoneRevision(element.key);
  if (isTombstone === undefined || element.isBucket) throw damaged(page.place, 'has a revision that is none');
  if (element.valueLength > LARGEST_ENTRY_BYTES)
    throw damaged(page.place, `has a value of ${element.valueLength} bytes, more than etcd takes`);
  const entry = readValue(page, element);
  if (entry.length === 0 && !isTombstone) return { kind: 'bump', key: '', valueStart: 0, valueEnd: 0, entry };
  const fields = new ProtobufReader(entry);
  const change: Change = { kind: isTombstone ? 'delete' : 'put', key: '', valueStart: 0, valueEnd: 0, entry };
  let modRevision = 0;
  while (fields.next()) {
    if (fields.field === FIELD.key && fields.isBytes) change.key = entry.toString('latin1', fields.start, fields.end);
    else if (fields.field === FIELD.modRevision && fields.isNumber) modRevision = fields.number();
    else if (fields.field === FIELD.value && fields.isBytes) {
      change.valueStart = fields.start;
      change.valueEnd = fields.end;
    }
  }
  if (!fields.ok || change.key === '') throw damaged(page.place, `has no key and value at revision ${mainOf(element)}`);
  if (!isTombstone && modRevision !== unsignedBe(element.key, 0))
    throw damaged(page.place, `has what was put at revision ${modRevision} at revision ${mainOf(element)}`);
  return change;
}

export const mainOf = ({ key }: Pick<LeafElement, 'key'>): string => String(key.readBigUInt64BE(0));

/** Undefined: no revision. */
function isTombstoneRevision(key: Buffer): boolean | undefined {
  if (key[8] !== SEPARATOR || Number(key[0]) > 127 || Number(key[9]) > 127) return undefined;
  if (key.length === REVISION_BYTES) return false;
  return key.length === REVISION_BYTES + 1 && key[REVISION_BYTES] === TOMBSTONE ? true : undefined;
}

/** As the meta bucket has a compaction's. */
export function mainRevision(bytes: Buffer): string | undefined {
  return isTombstoneRevision(bytes) === undefined ? undefined : mainOf({ key: bytes });
}
