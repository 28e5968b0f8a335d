import { createBreather } from './breather.js';
import { leavesOf } from './buckets.js';
import type { CheckedDatabase } from './check-pages.js';
import { type EncryptionKeyName, encryptionKeyOf } from './encryption-key.js';
import { isLasting, resourceOf } from './kubernetes-key.js';
import { type FileMembership, readMembership } from './membership.js';
import { type Change, mainOf, readChange } from './revisions.js';
import { type FileAlarm, readAlarms, readStoreMeta, type StoreMeta } from './store-meta.js';

/** What a snapshot holds. 64-bit numbers are decimal. */
export interface Contents {
  /** Of the last change in the file; `0`: there is none. */
  revision: string;
  /** Of a server that is started from the file: more than `revision` if a compaction took the last change away. */
  servedRevision: string;
  /** That are not deleted, of Kubernetes or not. */
  liveKeys: number;
  /** It comes from a restore that raised the revision; etcdutl counts the mark of that as one more key. */
  isBumped: boolean;
  /** Kubernetes objects that a person has in mind: without events, leases and what apiservers keep for themselves. */
  objects: number;
  /** Every resource that has any, events and leases too, as kubectl names it. */
  objectsByResource: ReadonlyMap<string, number>;
  /** Without which some of the values cannot be read. */
  encryptionKeys: EncryptionKeyName[];
  meta: StoreMeta;
  alarms: FileAlarm[];
  membership: FileMembership;
}

export interface ReadContentsOptions {
  database: CheckedDatabase;
  signal?: AbortSignal | undefined;
}

/** Throws `snapshot-damaged` for what etcd would not have written. Its memory is that of the live keys. */
export async function readContents({ database, signal }: ReadContentsOptions): Promise<Contents> {
  const store = await readStore(database, signal);
  const meta = readStoreMeta(database);
  const byResource = countByResource(store.keys.keys());
  const lasting = [...byResource].filter(([resource]) => isLasting(resource));
  const used = new Set(store.keys.values());
  return {
    revision: store.revision,
    servedRevision: latest([store.revision, meta.scheduledCompactRevision, meta.finishedCompactRevision]),
    liveKeys: store.keys.size,
    isBumped: store.isBumped,
    objects: lasting.reduce((sum, [, count]) => sum + count, 0),
    objectsByResource: byResource,
    encryptionKeys: [...used].filter((key) => key !== undefined).toSorted(byName),
    meta,
    alarms: readAlarms(database),
    membership: readMembership(database),
  };
}

interface Store {
  revision: string;
  isBumped: boolean;
  /** Live keys, and what their values are encrypted with: one object for each encryption key. */
  keys: Map<string, EncryptionKeyName | undefined>;
}

async function readStore(database: CheckedDatabase, signal: AbortSignal | undefined): Promise<Store> {
  const breathe = createBreather(signal);
  const store: Store = { revision: '0', isBumped: false, keys: new Map() };
  const known = new Map<string, EncryptionKeyName>();
  for (const { page, elements } of leavesOf(database, 'key')) {
    for (const element of elements) fold(store, known, readChange(page, element));
    const last = elements.at(-1);
    if (last !== undefined) store.revision = mainOf(last);
    await breathe();
  }
  return store;
}

function fold(store: Store, known: Map<string, EncryptionKeyName>, change: Change): void {
  if (change.kind === 'bump') store.isBumped = true;
  else if (change.kind === 'delete') store.keys.delete(change.key);
  else store.keys.set(change.key, encryptionKeyIn(known, change));
}

function encryptionKeyIn(known: Map<string, EncryptionKeyName>, change: Change): EncryptionKeyName | undefined {
  const found = encryptionKeyOf(change.entry, change.valueStart, change.valueEnd);
  if (found === undefined) return undefined;
  const label = `${found.provider}:${found.name}`;
  const same = known.get(label) ?? found;
  known.set(label, same);
  return same;
}

function countByResource(keys: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) {
    const resource = resourceOf(key);
    if (resource !== undefined) counts.set(resource, (counts.get(resource) ?? 0) + 1);
  }
  return new Map([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const byName = (a: EncryptionKeyName, b: EncryptionKeyName): number =>
  `${a.provider}:${a.name}` < `${b.provider}:${b.name}` ? -1 : 1;

function latest(revisions: readonly (string | undefined)[]): string {
  return String(revisions.reduce((most, each = '0') => (BigInt(each) > most ? BigInt(each) : most), 0n));
}
