import { problemsOf } from '../backup/choose-snapshot.js';
import { holdStore } from '../backup/hold-store.js';
import { importSnapshot } from '../backup/import-snapshot.js';
import { restoreProblems } from '../backup/restorable.js';
import type { SnapshotInfo } from '../backup/snapshot-info.js';
import { snapshotStore } from '../backup/snapshot-store.js';
import { type RecordedCluster, recordedPki } from '../cluster/recorded-cluster.js';
import type { ClusterSpec } from '../config/spec.js';
import { usageError } from '../errors.js';
import { isSealedFile, type UnsealAsked } from '../sealed/open-sealed.js';
import type { LockOwner } from '../state/lock-owner.js';
import { requireInUse } from '../state/retired.js';

export interface ImportBackupOptions {
  recorded: RecordedCluster;
  /** Path of a file of `backup --out`. */
  file: string;
  /** Asked only where it is sealed. Absent: nobody can be asked. */
  unsealWith: UnsealAsked | undefined;
  /** What is to be restored from it now. Absent: nothing yet, but it has to be one that could be. */
  spec?: ClusterSpec;
  now: () => Date;
  /** Told once for whom it waits who writes to the snapshots. */
  onWait?: (owner: LockOwner) => void;
  signal: AbortSignal;
}

/** `backups import`, and `up --snapshot FILE`. @throws usage errors of `importSnapshot` */
export async function importBackup(options: ImportBackupOptions): Promise<SnapshotInfo> {
  const { recorded, file, unsealWith = unasked(file), spec, now, onWait, signal } = options;
  const { clusterId } = recorded.record;
  const encryptionKeys = new Set(await (await recordedPki(recorded)).encryptionKeyNames());
  const why = (snapshot: SnapshotInfo): string[] =>
    spec
      ? problemsOf(snapshot, { clusterId, encryptionKeys, spec })
      : restoreProblems({ snapshot, clusterId, encryptionKeys, toolProblem: undefined });
  const store = snapshotStore(recorded.state);
  await requireInUse(recorded.state);
  // A person may take their time, and nobody else could write meanwhile.
  const key = (await isSealedFile(file)) ? await unsealWith() : undefined;
  const opens: UnsealAsked = () => (key === undefined ? unasked(file)() : Promise.resolve(key));
  return holdStore({ store, command: 'backups import', now, ...(onWait && { onWait }), signal }, async () => {
    await requireInUse(recorded.state);
    return importSnapshot({ store, file, unsealWith: opens, problemsOf: why, signal });
  });
}

function unasked(file: string): UnsealAsked {
  const message = `${file} is sealed, and nothing was given that opens it`;
  const hint = 'say --identity FILE or --passphrase-file FILE';
  return () => Promise.reject(usageError({ code: 'sealed-key', message, hint }));
}
