import { ProtobufReader } from '../etcd/protobuf.js';
import { entriesOf } from './buckets.js';
import type { CheckedDatabase } from './check-pages.js';
import { damaged } from './damaged.js';
import { mainRevision } from './revisions.js';

/** How far the member had come. 64-bit numbers are decimal; what the file does not have is undefined. */
export interface StoreMeta {
  /** Index of the last entry of the raft log that is in the file. */
  consistentIndex: string | undefined;
  term: string | undefined;
  /** Of etcd's schema, from 3.6 on, e.g. `3.7.0`. */
  storageVersion: string | undefined;
  scheduledCompactRevision: string | undefined;
  finishedCompactRevision: string | undefined;
}

export interface FileAlarm {
  memberId: string;
  /** Other numbers of etcdserverpb.AlarmType as they are. */
  alarm: 'NOSPACE' | 'CORRUPT' | string;
}

export function readStoreMeta(database: CheckedDatabase): StoreMeta {
  const entries = new Map(entriesOf(database, 'meta').map((entry) => [entry.key.toString('latin1'), entry]));
  const read = (name: string, parse: (value: Buffer) => string | undefined): string | undefined => {
    const entry = entries.get(name);
    if (entry === undefined) return undefined;
    const parsed = parse(entry.value);
    if (parsed === undefined) throw damaged(entry.place, `has a ${name} that is none`);
    return parsed;
  };
  return {
    consistentIndex: read('consistent_index', unsigned),
    term: read('term', unsigned),
    storageVersion: read('storageVersion', version),
    scheduledCompactRevision: read('scheduledCompactRev', mainRevision),
    finishedCompactRevision: read('finishedCompactRev', mainRevision),
  };
}

const unsigned = (value: Buffer): string | undefined =>
  value.length === 8 ? String(value.readBigUInt64BE(0)) : undefined;

function version(value: Buffer): string | undefined {
  const text = value.toString('latin1');
  return /^\d+\.\d+\.\d+/.test(text) ? text : undefined;
}

const ALARMS = [undefined, 'NOSPACE', 'CORRUPT'];

/** etcdserverpb.AlarmMember, as keys without a value. */
export function readAlarms(database: CheckedDatabase): FileAlarm[] {
  return entriesOf(database, 'alarm').map(({ key, place }) => {
    const found: FileAlarm = { memberId: '0', alarm: '0' };
    const fields = new ProtobufReader(key);
    while (fields.next()) {
      if (!fields.isNumber) continue;
      if (fields.field === 1) found.memberId = fields.decimal();
      if (fields.field === 2) found.alarm = ALARMS[fields.number()] ?? fields.decimal();
    }
    if (!fields.ok) throw damaged(place, 'has an alarm that is none');
    return found;
  });
}
