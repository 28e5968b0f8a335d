import { chooseSnapshot } from '../backup/choose-snapshot.js';
import { holdStore } from '../backup/hold-store.js';
import { keepStray } from '../backup/keep-stray.js';
import { assumedText } from '../backup/restorable.js';
import { type RestoreArchive, restoreArchive } from '../backup/restore-archive.js';
import {
  findSnapshot,
  listSnapshots,
  readLast,
  snapshotStore,
  storeOfId,
  strayStore,
} from '../backup/snapshot-store.js';
import { strayVersions } from '../backup/stray-versions.js';
import { requireSameBytes } from '../backup/verify-snapshot.js';
import { chainProblem } from '../changelog/chain-problem.js';
import { logStore } from '../changelog/log-store.js';
import { readChain } from '../changelog/read-chain.js';
import { replayLog } from '../changelog/replay.js';
import type { Encoding } from '../delivery/segment.js';
import type { PkiStore } from '../pki/store.js';
import type { Backup } from '../plan/etcd-facts.js';
import { isAlone } from '../plan/is-alone.js';
import { highestRevision } from '../plan/restored-revision.js';
import type { Backups } from '../reconcile/backups.js';
import { positionOf } from '../state/position.js';
import { snapshotText } from '../ui/backups-view.js';
import { keepSnapshot } from './backup.js';
import { coveredByLog } from './covered-by-log.js';
import type { RunInputs } from './inputs.js';
import { pinEtcdutl } from './pin-etcdutl.js';

/** In the place of etcd's ID of the cluster. */
const NOBODY_SAID = '0';

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
  let last: Promise<unknown> = Promise.resolve();
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
    stray({ source, record, reason, signal }) {
      const strays = strayStore(inputs.state);
      // Members are copied at the same time, and the store has one writer.
      const turn = last.then(() =>
        holdStore({ store: strays, command: 'up', now, signal }, async () => {
          const { incarnation, etcd: member } = source;
          const { snapshots } = await listSnapshots(store);
          // A file does not say it; what goes on from a snapshot of that life goes on from this too.
          const ofLife = snapshots.find((each) => each.incarnation === incarnation);
          const etcdClusterId = source.etcdClusterId ?? ofLife?.etcdClusterId ?? NOBODY_SAID;
          const versions = strayVersions({ incarnation, member, snapshots, record });
          const given = { source: { ...source, etcdClusterId }, versions, reason, now, signal };
          return keepStray({ store: strays, record, ...given });
        }),
      );
      last = turn.catch(() => undefined);
      return turn;
    },
    async keep({ cluster, record, reason, signal }) {
      const { snapshot } = await keepSnapshot({ cluster, record, state: inputs.state, store, reason, now, signal });
      const obtain = (arch: string) => inputs.content.etcdutl(snapshot.etcd, arch);
      const [withoutTool] = await pinEtcdutl({ state: inputs.state, record }, obtain, signal);
      return { snapshot, ...(withoutTool && { withoutTool }) };
    },
    async replay({ etcd, record, signal }) {
      const { origin } = record.etcd;
      if (origin === undefined || origin.alone) return undefined;
      const snapshot = await findSnapshot(storeOfId(inputs.state, origin.snapshot), origin.snapshot);
      return replayLog({ store: logStore(store), snapshot, etcd, signal });
    },
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
    const store = storeOfId(inputs.state, id);
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
      const strays = strayStore(inputs.state);
      const choice = await chooseSnapshot({ store, strays, clusterId, etcd, spec, encryptionKeys, named, signal });
      if (choice.kind === 'none') return choice;
      if (choice.kind === 'unusable') return (await coveredByLog({ store, choice, encryptionKeys, signal })) ?? choice;
      const { id, incarnation, takenAt } = choice.snapshot;
      const beginning = named === undefined ? {} : { beginning: 'snapshot' as const };
      if (isAlone(id, { ...beginning, recorded: etcd })) return { kind: 'usable', id, incarnation };
      const log = { store: logStore(store), snapshot: choice.snapshot };
      const problem = await chainProblem({ ...log, encryptionKeys, signal });
      if (problem === undefined) return { kind: 'usable', id, incarnation };
      return { kind: 'unusable', ...problem, older: { id, takenAt } };
    },
    async knownRevision() {
      const [kept, strays, last] = await Promise.all([
        listSnapshots(store),
        listSnapshots(strayStore(inputs.state)),
        readLast(store),
      ]);
      const there = [kept, strays].flatMap(({ snapshots, damaged }) => [
        ...snapshots,
        ...damaged.map(({ id }) => positionOf(id)),
      ]);
      return highestRevision([...there, ...(last ? [last] : [])]);
    },
    has: async (wanted) => (await listSnapshots(store)).snapshots.some(({ incarnation }) => incarnation === wanted),
    async describe(id, asked) {
      const snapshot = await findSnapshot(storeOfId(inputs.state, id), id);
      const { takenAt, objects } = snapshot;
      const known = snapshotText({ id, objects, takenAt: new Date(takenAt) }, now());
      const text = `${known}${assumedText(snapshot)}`;
      if (asked.isAlone) return text;
      const { at } = await readChain({ store: logStore(store), snapshot, signal: asked.signal });
      return at === undefined ? text : `${text} and what the change log has up to ${new Date(at).toISOString()}`;
    },
    async logProblem(snapshot, signal) {
      const encryptionKeys = new Set(await pki.encryptionKeyNames());
      return chainProblem({ store: logStore(store), snapshot, encryptionKeys, signal });
    },
    archive: refuse,
    replay: refuse,
    stray: refuse,
    straysIn: strayStore(inputs.state).directory,
    keep: refuse,
  };
}
