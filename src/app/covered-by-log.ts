import type { Choice } from '../backup/choose-snapshot.js';
import type { SnapshotStore } from '../backup/snapshot-store.js';
import { verifySnapshot } from '../backup/verify-snapshot.js';
import { chainProblem } from '../changelog/chain-problem.js';
import { logStore } from '../changelog/log-store.js';
import { readChain } from '../changelog/read-chain.js';
import { ownError } from '../errors.js';
import type { Backup } from '../plan/etcd-facts.js';
import { positionOf } from '../state/position.js';

export interface CoveredByLogOptions {
  store: SnapshotStore;
  choice: Extract<Choice, { kind: 'unusable' }>;
  /** Names of the keys that the apiservers read with. */
  encryptionKeys: ReadonlySet<string>;
  signal: AbortSignal;
}

/**
 * The one before a newest that is damaged or missing, where the change log goes on from it without a hole to where that
 * newest was, or beyond: then nothing is lost, and nobody has to be asked. Undefined in any other case.
 */
export async function coveredByLog(options: CoveredByLogOptions): Promise<Backup | undefined> {
  const { store, choice, encryptionKeys, signal } = options;
  const { broken, older, why } = choice;
  if (broken === undefined || older === undefined) return undefined;
  const { incarnation, revision } = positionOf(broken);
  if (older.incarnation !== incarnation) return undefined;
  const damage = await verifySnapshot(store, older, signal).then(() => undefined, ownError);
  signal.throwIfAborted();
  const log = { store: logStore(store), snapshot: older, signal };
  if (damage || (await chainProblem({ ...log, encryptionKeys }))) return undefined;
  if ((await readChain(log)).revision < Number(revision)) return undefined;
  const instead = `${why}; the change log goes on from the one before, ${older.id}, without a hole, and nothing is lost`;
  return { kind: 'usable', id: older.id, incarnation, instead };
}
