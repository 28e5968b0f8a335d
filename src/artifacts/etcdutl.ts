import { z } from 'zod';
import { extractMembers } from './archive-members.js';
import { type Cache, type RecordKey, readRecord, writeRecord } from './cache.js';
import { type Arch, etcdArchive, etcdutlMember } from './catalogue.js';
import { Sha256 } from './checksum-file.js';
import { findBlob } from './remembered.js';
import type { ArtifactSource, LocalFile, ObtainOptions } from './source.js';

/** Which etcdutl, the tool that makes data directories out of snapshots. */
export interface EtcdutlVersion {
  /** etcd's, without a leading `v`. */
  version: string;
  arch: Arch;
}

const Pinned = z.object({ sha256: Sha256 });

const recordOf = ({ version, arch }: EtcdutlVersion): RecordKey<z.infer<typeof Pinned>> => ({
  kind: 'etcdutl',
  key: `${version} ${arch}`,
  schema: Pinned,
});

/** From the cache alone; undefined where it would have to be fetched. */
export async function pinnedEtcdutl(cache: Cache, wanted: EtcdutlVersion): Promise<LocalFile | undefined> {
  const pinned = await readRecord(cache, recordOf(wanted));
  const blob = pinned && (await findBlob(cache, pinned.sha256));
  return pinned && blob && { ...blob, sha256: pinned.sha256 };
}

export interface EtcdutlOptions extends ObtainOptions, EtcdutlVersion {
  source: ArtifactSource;
  cache: Cache;
}

/** From the cache, else out of the release, after which the cache has it. @throws as `source` and `extractMembers` do */
export async function etcdutl({ source, cache, version, arch, ...obtain }: EtcdutlOptions): Promise<LocalFile> {
  const wanted = { version, arch };
  const pinned = await pinnedEtcdutl(cache, wanted);
  if (pinned) return pinned;
  const archive = await source.obtain(etcdArchive(wanted), obtain);
  const member = etcdutlMember(wanted);
  const files = await extractMembers({ archive, members: [member], cache, signal: obtain.signal });
  const file = files.get(member);
  if (file === undefined) throw new Error(`${member} was extracted and is not there`);
  await writeRecord(cache, recordOf(wanted), { sha256: file.sha256 });
  return file;
}
