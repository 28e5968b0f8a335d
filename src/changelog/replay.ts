import type { SnapshotInfo } from '../backup/snapshot-info.js';
import { type DisklessError, refusal } from '../errors.js';
import type { EtcdGateway } from '../etcd/gateway.js';
import { LastChanges } from './last-changes.js';
import type { LogStore } from './log-store.js';
import { dropOrphans } from './orphans.js';
import { type Hole, readChain } from './read-chain.js';

export interface ReplayOptions {
  store: LogStore;
  /** What etcd was restored from. */
  snapshot: SnapshotInfo;
  /** Of a quorum over it that no apiserver uses yet. */
  etcd: EtcdGateway;
  signal: AbortSignal;
}

export interface Replayed {
  /** The moment up to which the past is there again. */
  upTo: Date;
  /** Keys that were written, and deleted. */
  written: number;
  deleted: number;
  /** Objects in namespaces that do not exist, which went. */
  orphans: number;
}

/** Outside of what apiservers see. It tells how far a replay is, and of which snapshot: in a later life it means nothing. */
const MARKER = 'k8s-diskless/replay';

/**
 * Brings a restored snapshot up to where the change log ends: of each key its last value, whatever was between. Between
 * two values of a marker, so that one that was cut off is seen and done again; what is done is not done twice. Undefined:
 * the log has nothing beyond the snapshot.
 *
 * @throws refusal `log-broken` where the log has a hole; DisklessError `etcd-…`
 */
export async function replayLog({ store, snapshot, etcd, signal }: ReplayOptions): Promise<Replayed | undefined> {
  const last = new LastChanges();
  const chain = await readChain({ store, snapshot, each: (record) => last.add(record), signal });
  if (chain.hole) throw logBroken(snapshot, chain.hole);
  if (chain.at === undefined) return undefined;
  const marker = (state: 'begun' | 'done'): Buffer =>
    Buffer.from(JSON.stringify({ snapshot: snapshot.id, revision: chain.revision, state }));
  const mark = (state: 'begun' | 'done') =>
    etcd.write([{ kind: 'put', key: MARKER, value: marker(state) }], { signal });
  const done = { upTo: new Date(chain.at), written: last.count('put'), deleted: last.count('delete') };
  if ((await etcd.valueOf(MARKER, { signal }))?.equals(marker('done'))) return { ...done, orphans: 0 };
  await mark('begun');
  for (const batch of last.batches()) await etcd.write(batch, { signal });
  const orphans = await dropOrphans(etcd, signal);
  await mark('done');
  return { ...done, orphans };
}

/** What lies behind a hole cannot be written again, and nobody knows what lay in it. */
export function logBroken({ id, takenAt }: SnapshotInfo, { after, next }: Hole): DisklessError {
  const behind = next === undefined ? 'what it held then is damaged' : `it goes on at ${next}`;
  return refusal({
    code: 'log-broken',
    message: `the change log that goes on from the snapshot ${id} has a hole after revision ${after}: ${behind}`,
    hint: `put the missing or damaged segment back, whole; or --snapshot ${id} takes the snapshot of ${takenAt} alone: what was written after it is lost`,
  });
}
