import type { Role } from '../config/spec.js';
import { DisklessError } from '../errors.js';
import { extractMembers } from './archive-members.js';
import type { Cache } from './cache.js';
import {
  type Arch,
  type ArtifactVersions,
  artifactsFor,
  etcdArchive,
  etcdTools,
  iperf3Program,
  kubernetesBinary,
  type ReleaseFile,
} from './catalogue.js';
import { goPlatform } from './kubectl.js';
import { resolveArtifacts } from './resolve-artifacts.js';
import { sharedWork } from './shared-work.js';
import type { ArtifactSource, LocalFile, ObtainOptions, ReleaseCopy } from './source.js';

export interface FetchAllOptions extends ObtainOptions {
  versions: ArtifactVersions;
  /** Of the nodes. */
  archs: readonly Arch[];
  /** This machine, which runs kubectl: `process.platform` and `process.arch`. */
  platform: { os: string; arch: string };
  source: ArtifactSource;
  cache: Cache;
}

export interface FetchedFile extends LocalFile {
  title: string;
}

/** What the source does not have, and `up` does without. */
export interface LeftOut {
  reason: string;
  neededFor: string;
}

export interface FetchedAll {
  files: FetchedFile[];
  leftOut: LeftOut[];
}

const ALL_ROLES: ReadonlySet<Role> = new Set(['control-plane', 'worker']);

/**
 * Every release file that a cluster of these versions is made, used and measured with, from its source to this machine,
 * each read and verified once.
 *
 * @throws DisklessError as `resolveArtifacts` where `up` could not do without
 */
export async function fetchAll(options: FetchAllOptions): Promise<FetchedAll> {
  const { versions, archs, source, cache } = options;
  const obtain = sharedWork(
    (file: ReleaseFile) => source.obtain(file, options),
    ({ paths: [key] }) => key,
  );
  const shared: ArtifactSource = { title: source.title, obtain };
  for (const arch of archs) {
    await resolveArtifacts({ ...options, source: shared, versions, arch, roles: ALL_ROLES, cache });
  }
  const needed = archs.flatMap((arch) => artifactsFor({ versions, arch, roles: ALL_ROLES }));
  const releases = new Map(needed.map(({ release }) => [release.paths[0], release]));
  const leftOut: LeftOut[] = [];
  for (const { release, neededFor } of extras(options)) {
    if (await isLacking('artifact-missing', obtain(release), (reason) => leftOut.push({ reason, neededFor }))) continue;
    releases.set(release.paths[0], release);
  }
  for (const arch of archs) {
    const tools = requireTools({
      ...options,
      arch,
      archive: await obtain(etcdArchive({ version: versions.etcd, arch })),
    });
    const neededFor = 'looking into etcd by hand and restoring its snapshots';
    await isLacking('archive-member-missing', tools, (reason) => leftOut.push({ reason, neededFor }));
  }
  const copies = [...releases.values()].map(async (release) => fetchedFile(release, await obtain(release)));
  return { files: await Promise.all(copies), leftOut };
}

function extras({ versions, archs, platform }: FetchAllOptions): { release: ReleaseFile; neededFor: string }[] {
  const kubectl = kubernetesBinary({ name: 'kubectl', version: versions.kubernetes, ...goPlatform(platform) });
  return [
    { release: kubectl, neededFor: '`k8s-diskless kubectl` on this machine' },
    ...archs.map((arch) => ({ release: iperf3Program({ arch }), neededFor: '`k8s-diskless bench`' })),
  ];
}

/** Taken out of the archive, as nobody else does before the day they are needed. */
async function requireTools(options: FetchAllOptions & { arch: Arch; archive: LocalFile }): Promise<unknown> {
  const { archive, cache, signal, versions, arch } = options;
  return extractMembers({ archive, members: etcdTools({ version: versions.etcd, arch }), cache, signal });
}

async function isLacking(code: string, work: Promise<unknown>, tell: (reason: string) => void): Promise<boolean> {
  try {
    await work;
    return false;
  } catch (error) {
    if (!(error instanceof DisklessError) || error.code !== code) throw error;
    tell(error.message);
    return true;
  }
}

function fetchedFile({ title }: ReleaseFile, { path, sha256, size }: ReleaseCopy): FetchedFile {
  return { title, path, sha256, size };
}
