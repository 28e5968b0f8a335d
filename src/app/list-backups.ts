import { type Cache, defaultCacheRoot, openCache } from '../artifacts/cache.js';
import { ARCHITECTURES, type Arch } from '../artifacts/catalogue.js';
import { pinnedEtcdutl } from '../artifacts/etcdutl.js';
import { type ListedBackup, restoreProblems } from '../backup/restorable.js';
import type { SnapshotInfo } from '../backup/snapshot-info.js';
import { listSnapshots, snapshotStore, strayStore } from '../backup/snapshot-store.js';
import { type RecordedCluster, recordedPki } from '../cluster/recorded-cluster.js';
import { controlPlanes } from '../config/spec.js';
import { goArchitecture } from '../facts/architecture.js';
import { readNodeRecords } from '../state/record-files.js';

export interface Backups {
  /** The newest first. */
  backups: ListedBackup[];
  /** Copies of members' data that went; likewise. */
  strays: ListedBackup[];
  /** Sidecars that cannot be believed. */
  damaged: { id: string; why: string }[];
}

/** `backups`: what is kept of the recorded cluster. Contacts nobody; files are not read through. */
export async function listBackups(recorded: RecordedCluster): Promise<Backups> {
  const { record, state } = recorded;
  const { snapshots, damaged } = await listSnapshots(snapshotStore(state));
  const strays = await listSnapshots(strayStore(state));
  const [pki, archs] = await Promise.all([recordedPki(recorded), controlPlaneArchs(recorded)]);
  const encryptionKeys = new Set(await pki.encryptionKeyNames());
  const cache = await openCache({ root: defaultCacheRoot(process.env) });
  const judged = async (snapshot: SnapshotInfo): Promise<ListedBackup> => {
    const toolProblem = await etcdutlProblem(cache, snapshot.etcd, archs);
    const problems = restoreProblems({ snapshot, clusterId: record.clusterId, encryptionKeys, toolProblem });
    return { ...snapshot, problems };
  };
  return {
    backups: await Promise.all(snapshots.map(judged)),
    strays: await Promise.all(strays.snapshots.map(judged)),
    damaged: [...damaged, ...strays.damaged],
  };
}

/** As far as their machines were seen. */
export async function controlPlaneArchs({ record, state }: RecordedCluster): Promise<Arch[]> {
  const nodes = await readNodeRecords(state);
  const seen = controlPlanes(record.spec).map(({ name }) => goArchitecture(nodes.get(name)?.arch ?? ''));
  return ARCHITECTURES.filter((arch) => seen.includes(arch));
}

async function etcdutlProblem(cache: Cache, version: string, archs: readonly Arch[]): Promise<string | undefined> {
  for (const arch of archs) {
    if (await pinnedEtcdutl(cache, { version, arch })) continue;
    return `etcdutl ${version} for linux/${arch} is not in the cache, and would have to be fetched`;
  }
  return undefined;
}
