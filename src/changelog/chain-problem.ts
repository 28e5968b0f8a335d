import type { SnapshotInfo } from '../backup/snapshot-info.js';
import { encryptionKeyOf } from '../etcd-file/encryption-key.js';
import type { LogRecord } from './log-record.js';
import type { LogStore } from './log-store.js';
import { readChain } from './read-chain.js';
import { logBroken } from './replay.js';

export interface ChainProblemOptions {
  store: LogStore;
  snapshot: SnapshotInfo;
  /** Names of the keys that the apiservers read with. */
  encryptionKeys: ReadonlySet<string>;
  signal: AbortSignal;
}

/** `why`: a sentence without a period. `ways`: what a person can do about it. */
export interface ChainProblem {
  why: string;
  ways: string;
}

/** What keeps a restore from going on from the snapshot to where the log ends; undefined: nothing. */
export async function chainProblem(options: ChainProblemOptions): Promise<ChainProblem | undefined> {
  const { store, snapshot, encryptionKeys, signal } = options;
  const missing = new Set<string>();
  const each = (record: LogRecord): void => {
    for (const name of keyNamesIn(record)) if (!encryptionKeys.has(name)) missing.add(name);
  };
  const { hole } = await readChain({ store, snapshot, each, signal });
  if (hole) return { why: logBroken(snapshot, hole).message, ways: 'put the missing or damaged segment back, whole' };
  if (missing.size === 0) return undefined;
  const names = [...missing].join(', ');
  return {
    why: `the change log that goes on from the snapshot ${snapshot.id} cannot be used: the encryption key ${names} is missing from pki/`,
    ways: 'put the key back',
  };
}

function keyNamesIn(record: LogRecord): string[] {
  if (record.kind === 'nothing') return [];
  return record.changes.flatMap((change) => {
    const key = change.kind === 'put' ? encryptionKeyOf(change.value, 0, change.value.length) : undefined;
    return key === undefined ? [] : [key.name];
  });
}
