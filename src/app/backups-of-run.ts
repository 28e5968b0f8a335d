import { chooseSnapshot } from '../backup/choose-snapshot.js';
import { type RestoreArchive, restoreArchive } from '../backup/restore-archive.js';
import { findSnapshot, listSnapshots, snapshotStore } from '../backup/snapshot-store.js';
import { requireSameBytes } from '../backup/verify-snapshot.js';
import type { Encoding } from '../delivery/segment.js';
import type { PkiStore } from '../pki/store.js';
import type { Backup } from '../plan/etcd-facts.js';
import type { Backups } from '../reconcile/backups.js';
import { snapshotText } from '../ui/backups-view.js';
import { keepSnapshot } from './backup.js';
import { copyBackups } from './copy-backups.js';
import type { RunInputs } from './inputs.js';
import { pinEtcdutl } from './pin-etcdutl.js';

export interface BackupsOfRun {
  inputs: Pick<RunInputs, 'state' | 'spec' | 'content' | 'snapshot'>;
  pki: PkiStore;
  now: () => Date;
}

/** The snapshots in the state directory, for one `up`. `close` when it has ended. */
export function backupsOfRun(options: BackupsOfRun): Backups & { close(): Promise<void> } {
  const { inputs, now } = options;
  const store = snapshotStore(inputs.state);
  const archives = new Map<string, Promise<RestoreArchive>>();
  return {
    ...lookingBackups(options),
    archive({ id, arch, encoding }, signal) {
      const key = `${id} ${arch} ${encoding}`;
      const archive = archives.get(key) ?? makeArchive(id, arch, encoding, signal);
      archives.set(key, archive);
      // The next pass tries again.
      archive.catch(() => archives.delete(key));
      return archive;
    },
    async keep({ cluster, record, reason, signal }) {
      const { snapshot } = await keepSnapshot({ cluster, record, state: inputs.state, store, reason, now, signal });
      const obtain = (arch: string) => inputs.content.etcdutl(snapshot.etcd, arch);
      const [withoutTool] = await pinEtcdutl({ state: inputs.state, record }, obtain, signal);
      return { snapshot, ...(withoutTool && { withoutTool }) };
    },
    copy: (record, signal) => copyBackups({ state: inputs.state, record }, now, signal),
    async close() {
      for (const made of await Promise.allSettled(archives.values()))
        if (made.status === 'fulfilled') await made.value.remove();
    },
  };

  async function makeArchive(
    id: string,
    arch: string,
    encoding: Encoding,
    signal: AbortSignal,
  ): Promise<RestoreArchive> {
    const snapshot = await findSnapshot(store, id);
    // It may be long ago that it was chosen, and by another run.
    await requireSameBytes(store, snapshot, signal);
    const { content, state } = inputs;
    const { root: directory } = state;
    return restoreArchive({ store, snapshot, content, arch, encoding, directory, env: process.env, signal });
  }
}

/** For `plan`. */
export function lookingBackups({ inputs, pki, now }: BackupsOfRun): Backups {
  const store = snapshotStore(inputs.state);
  const refuse = (): Promise<never> => Promise.reject(new Error('plan must not restore or keep anything'));
  return {
    async look({ clusterId, etcd }, { isNamed, signal }): Promise<Backup> {
      const encryptionKeys = new Set(await pki.encryptionKeyNames());
      const { spec } = inputs;
      const named = isNamed ? inputs.snapshot : undefined;
      const choice = await chooseSnapshot({ store, clusterId, etcd, spec, encryptionKeys, named, signal });
      if (choice.kind !== 'usable') return choice;
      const { id, incarnation } = choice.snapshot;
      return { kind: 'usable', id, incarnation };
    },
    has: async (wanted) => (await listSnapshots(store)).snapshots.some(({ incarnation }) => incarnation === wanted),
    async describe(id) {
      const { takenAt, objects } = await findSnapshot(store, id);
      return snapshotText({ id, objects, takenAt: new Date(takenAt) }, now());
    },
    archive: refuse,
    keep: refuse,
    copy: refuse,
  };
}
