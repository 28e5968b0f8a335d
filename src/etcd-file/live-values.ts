import { ProtobufReader } from '../etcd/protobuf.js';
import { createBreather } from './breather.js';
import { leavesOf } from './buckets.js';
import type { CheckedDatabase } from './check-pages.js';
import { readBytes } from './read-bytes.js';
import { readChange } from './revisions.js';

/** mvccpb.KeyValue. 64-bit numbers are decimal. */
export interface LiveValue {
  /** Byte for byte as Latin-1. */
  key: string;
  createRevision: string;
  modRevision: string;
  /** How often it was put since it was created. */
  version: string;
  /** `0`: none. */
  lease: string;
  value: Buffer;
}

export interface LiveValuesOptions {
  database: CheckedDatabase;
  /** Latin-1; empty: all keys. */
  prefix: string;
  signal?: AbortSignal | undefined;
}

/** Where the last put of a key lies in the file. */
interface Entry {
  position: number;
  length: number;
}

/** Of the keys that are not deleted, by ascending key. Its memory is that of these keys, and of one value at a time. */
export async function* liveValues(options: LiveValuesOptions): AsyncGenerator<LiveValue> {
  const { database, signal } = options;
  const breathe = createBreather(signal);
  const entries = await findEntries(options);
  for (const key of [...entries.keys()].toSorted()) {
    const { position, length } = entries.get(key) as Entry;
    yield decode(readBytes(database.fd, position, length, `the value of ${JSON.stringify(key)}`));
    await breathe();
  }
}

async function findEntries({ database, prefix, signal }: LiveValuesOptions): Promise<Map<string, Entry>> {
  const breathe = createBreather(signal);
  const entries = new Map<string, Entry>();
  for (const { page, elements } of leavesOf(database, 'key')) {
    for (const element of elements) {
      const { kind, key } = readChange(page, element);
      if (kind === 'bump' || !key.startsWith(prefix)) continue;
      if (kind === 'delete') entries.delete(key);
      else entries.set(key, { position: page.position + element.valueStart, length: element.valueLength });
    }
    await breathe();
  }
  return entries;
}

/** Of what was read once already. */
function decode(entry: Buffer): LiveValue {
  const fields = new ProtobufReader(entry);
  const found: LiveValue = {
    key: '',
    createRevision: '0',
    modRevision: '0',
    version: '0',
    lease: '0',
    value: Buffer.alloc(0),
  };
  while (fields.next()) {
    if (fields.field === 1) found.key = fields.content().toString('latin1');
    else if (fields.field === 2) found.createRevision = fields.decimal();
    else if (fields.field === 3) found.modRevision = fields.decimal();
    else if (fields.field === 4) found.version = fields.decimal();
    else if (fields.field === 5) found.value = fields.content();
    else if (fields.field === 6) found.lease = fields.decimal();
  }
  return found;
}
